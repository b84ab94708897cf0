#ifndef CDR_NODE_MEMBER_INDEX_OWN_H
#define CDR_NODE_MEMBER_INDEX_OWN_H

/*
 * Looking for one's own people in the hub's index: a hub that leaves somebody out of its tree proves every check right that does
 * not find them, and only who put them there can notice.
 *
 * After batches were sent, and then every day, the hub must prove that some rows are in the tree: of people drawn at random, two
 * rows each, so many that everybody's turn comes about once a month. Two rows show too whether the hub counts the person as one.
 * The hub is told each time which rows are asked for, and learns nothing else by it: it has them.
 */

#include "node/member/member.h"

/**
 * cdr_index_own_keep(tx, batch):
 * The hub has acknowledged the batch with this id: keep its rows, which it must be able to prove from now on. A few of those that
 * are sent one after the other are looked into as soon as all are there, the others when their turn comes.
 *
 * Rows of those who left the register meanwhile are not kept.
 *
 * Returns  CDR_OK; CDR_E_STORE; CDR_E_MEMORY; CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_index_own_keep(struct cdr_tx *tx, const uint8_t batch[static CDR_ID_LEN]);

/**
 * cdr_index_own_forget(tx, handles, count):
 * Nothing of those with these handles is kept from here on: they leave the register.
 *
 * handles  in   count * CDR_HANDLE_LEN bytes
 *
 * Returns  CDR_OK; CDR_E_STORE; CDR_E_MEMORY; CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_index_own_forget(struct cdr_tx *tx, const uint8_t *handles, size_t count);

/**
 * cdr_index_own_thin(tx, batch, thinned):
 * The hub takes no more rows of one member under one tag than CDR_INDEX_MEMBER_TAG_ROWS_MAX, and refused the batch with this id. In the
 * place of those tags of it under which so many of our people stand already, it gets random ones, as a person's rows are filled up with.
 * Whoever is met so often, such as somebody with forty contracts, is found by the rows that are there: nobody looks at more.
 *
 * thinned  out   how many rows have another tag now
 *
 * Returns  CDR_OK; CDR_E_STORE; CDR_E_MEMORY; CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_index_own_thin(struct cdr_tx *tx, const uint8_t batch[static CDR_ID_LEN], size_t *thinned);

/**
 * cdr_index_own_step(member, worked, fault):
 * Ask for the proofs that are due. What the hub cannot prove is noted as its misconduct (node/member/misconduct.h).
 *
 * worked  out   whether anything was asked
 *
 * Returns  CDR_OK, also if the hub was found out; as cdr_ask_send; CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_index_own_step(struct cdr_member *member, bool *worked, struct cdr_fault *fault);

#endif
