#ifndef CDR_NODE_HUB_PUBLISH_H
#define CDR_NODE_HUB_PUBLISH_H

/* The log as files that a static web server can serve and `candor-audit verify` reads: audit/tile.h, audit/README.md. */

#include "audit/checkpoint.h"
#include "node/hub/hub.h"

/**
 * cdr_hub_publish(hub, roster, folder, checkpoint, fault):
 * Write what ${folder} lacks of the log up to ${checkpoint}: entries, tiles, rosters, and last the checkpoint, which then takes
 * the place of the one before. What is there is not written again: a folder that is kept up to date costs what is new.
 *
 * roster  in   under which ${checkpoint} is witnessed; later ones are not written
 * folder  in   made if it does not exist (its parent does)
 *
 * Returns  CDR_OK; CDR_E_IO, CDR_E_RANGE where ${folder} cannot be written; CDR_E_STORE, also if the database lacks leaves or hashes that
 *          ${checkpoint} covers: then the checkpoint that was there stays; CDR_E_REFUSED if the folder has the genesis roster of another
 *          exchange; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_hub_publish(struct cdr_hub *hub, const struct cdr_roster *roster, const char *folder,
    const struct cdr_checkpoint *checkpoint, struct cdr_fault *fault);

#endif
