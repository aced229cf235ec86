package runtime

/*
#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
static void trim(void) { malloc_trim(0); }
#else
static void trim(void) {}
#endif
*/
import "C"

import "runtime/debug"

// Trim gives back to the system what Go and the native libraries have freed. Both
// keep it for later otherwise: after a training or a closed session that is tens
// of megabytes. It takes some ten milliseconds and may be called by any goroutine.
func Trim() {
	debug.FreeOSMemory()
	C.trim()
}
