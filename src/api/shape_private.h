/* What decoding and checking share: the layout of any list and map of a request struct. */
#pragma once

#include "api/shape.h"

/* SHAPE_LIST_OF and SHAPE_MAP_OF of every type are laid out like these. */
struct any_list {
    bool present;
    uint32_t count;
    void *items;
};

struct any_map {
    bool present;
    uint32_t count;
    void *items;
    struct slice *keys;
};

size_t shape_element_size(const struct shape_member *element);
