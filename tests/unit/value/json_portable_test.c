/* The tests of JSON again, over the writer as machines without SSE2 have it. Its definitions come before the archive's.
 */
#undef __SSE2__
#include "value/json_out.c"

#include "json_test.c"
