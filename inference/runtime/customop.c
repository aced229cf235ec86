#include "customop.h"

#include <stddef.h>

#include "api.h"

enum { ADD_CUSTOM_OP_DOMAIN = 28 };

char *athanor_add_domain(void *options, void *domain) {
  TRY(CALL(ADD_CUSTOM_OP_DOMAIN, void *, void *)(options, domain));
  return NULL;
}
