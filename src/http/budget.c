#include "http/private.h"

#include <assert.h>

bool budget_take(struct budget *budget, size_t bytes)
{
    size_t before = atomic_fetch_add_explicit(&budget->used, bytes, memory_order_relaxed);
    if (before + bytes > budget->max) {
        budget_give(budget, bytes);
        return false;
    }
    return true;
}

void budget_take_anyway(struct budget *budget, size_t bytes)
{
    atomic_fetch_add_explicit(&budget->used, bytes, memory_order_relaxed);
}

void budget_give(struct budget *budget, size_t bytes)
{
    size_t before = atomic_fetch_sub_explicit(&budget->used, bytes, memory_order_relaxed);
    assert(before >= bytes);
    (void)before;
}

bool budget_is_full(struct budget *budget)
{
    return atomic_load_explicit(&budget->used, memory_order_relaxed) >= budget->max / 4 * 3;
}

bool budget_is_spent(struct budget *budget)
{
    return atomic_load_explicit(&budget->used, memory_order_relaxed) >= budget->max;
}
