// Operators of our own (package kernels) in a session.
#ifndef ATHANOR_CUSTOMOP_H
#define ATHANOR_CUSTOMOP_H

// athanor_add_domain makes a domain's operators known to sessions that are
// opened with these options. Returns NULL or a message that the caller frees.
char *athanor_add_domain(void *options, void *domain);

#endif
