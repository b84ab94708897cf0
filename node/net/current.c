#include "node/net/current.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

/* One roster: in force if it is the first of the list, else kept only for those who still hold it. */
struct entry {
	struct entry *next;
	struct cdr_roster *roster;
	size_t holders;
};

struct cdr_current {
	pthread_mutex_t lock;
	struct entry *first;
};

/* see node/net/current.h */
cdr_err
cdr_current_new(struct cdr_current **current)
{
	*current = calloc(1, sizeof(**current));
	if (*current == NULL)
		return CDR_E_MEMORY;
	if (pthread_mutex_init(&(*current)->lock, NULL) != 0) {
		free(*current);
		*current = NULL;
		return CDR_E_MEMORY;
	}
	return CDR_OK;
}

static void
entry_free(struct entry *entry)
{
	cdr_roster_free(entry->roster);
	free(entry);
}

void
cdr_current_free(struct cdr_current *current)
{
	if (current == NULL)
		return;
	for (struct entry *e = current->first, *next; e != NULL; e = next) {
		assert(e->holders == 0);
		next = e->next;
		entry_free(e);
	}
	pthread_mutex_destroy(&current->lock);
	free(current);
}

/* Drop what is neither in force nor held. The caller has the lock. */
static void
sweep(struct cdr_current *current)
{
	struct entry **at;

	if (current->first == NULL)
		return;
	at = &current->first->next;
	while (*at != NULL) {
		struct entry *e = *at;

		if (e->holders > 0) {
			at = &e->next;
			continue;
		}
		*at = e->next;
		entry_free(e);
	}
}

/* see node/net/current.h */
cdr_err
cdr_current_set(struct cdr_current *current, struct cdr_roster *roster)
{
	struct entry *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return CDR_E_MEMORY;
	e->roster = roster;
	pthread_mutex_lock(&current->lock);
	e->next = current->first;
	current->first = e;
	sweep(current);
	pthread_mutex_unlock(&current->lock);
	return CDR_OK;
}

const struct cdr_roster *
cdr_current_hold(struct cdr_current *current)
{
	const struct cdr_roster *roster = NULL;

	pthread_mutex_lock(&current->lock);
	if (current->first != NULL) {
		current->first->holders++;
		roster = current->first->roster;
	}
	pthread_mutex_unlock(&current->lock);
	return roster;
}

void
cdr_current_release(struct cdr_current *current, const struct cdr_roster *roster)
{
	struct entry *e;

	if (roster == NULL)
		return;
	pthread_mutex_lock(&current->lock);
	for (e = current->first; e != NULL && e->roster != roster; e = e->next)
		;
	assert(e != NULL && e->holders > 0);
	if (e != NULL)
		e->holders--;
	sweep(current);
	pthread_mutex_unlock(&current->lock);
}
