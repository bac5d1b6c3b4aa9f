/* Projections: text to tree, and the parts of an item that a tree of paths names. */
#include "expr/parser.h"
#include "expr/path_tree.h"

static bool parse(struct parser *parser, struct node ***ret_paths, uint32_t *ret_count)
{
    struct node **paths = NULL;
    uint32_t count = 0;
    uint32_t capacity = 0;
    for (;;) {
        struct node *node;
        if (!parser_path(parser, &node)) {
            return false;
        }
        if (count == capacity) {
            capacity = capacity == 0 ? 8 : capacity * 2;
            struct node **larger = ARENA_ARRAY(parser->arena, struct node *, capacity);
            if (count > 0) {
                memcpy(larger, paths, count * sizeof *paths);
            }
            paths = larger;
        }
        paths[count++] = node;
        if (parser->token.kind != TOKEN_COMMA) {
            break;
        }
        parser_advance(parser);
    }
    *ret_paths = paths;
    *ret_count = count;
    return parser_take(parser, TOKEN_END);
}

/* The last path is looked at first, as DynamoDB does. */
static int resolve(struct parser *parser, struct node **paths, uint32_t count, struct path_tree *ret_tree,
                   struct expr_error *ret_error)
{
    size_t elements = 0;
    for (uint32_t i = 0; i < count; i++) {
        elements += paths[i]->path.count;
    }
    path_tree_init(ret_tree, parser->arena, elements);
    for (uint32_t i = count; i-- > 0;) {
        if (resolve_path(parser, paths[i], ret_error) != 0 ||
            path_tree_add(ret_tree, &paths[i]->path, paths[i], ret_error) != 0) {
            return -1;
        }
    }
    path_tree_finish(ret_tree);
    return 0;
}

int projection_parse(struct arena *arena, struct slice text, struct expr_symbols *symbols,
                     struct projection **ret_projection, struct expr_error *ret_error)
{
    struct parser parser;
    struct node **paths = NULL;
    uint32_t count = 0;
    if (parser_init(&parser, arena, EXPR_PROJECTION, text, symbols, ret_error) != 0) {
        return -1;
    }
    bool parsed = parse(&parser, &paths, &count);
    struct projection *projection = ARENA_NEW(arena, struct projection);
    if (parser_finish_syntax(&parser, parsed, ret_error) != 0 ||
        resolve(&parser, paths, count, &projection->tree, ret_error) != 0) {
        return -1;
    }
    *ret_projection = projection;
    return 0;
}

struct projection *projection_of_names(struct arena *arena, const struct slice *names, uint32_t count)
{
    struct projection *projection = ARENA_NEW(arena, struct projection);
    struct path_element *elements = ARENA_ARRAY(arena, struct path_element, count);
    struct path *paths = ARENA_ARRAY(arena, struct path, count);
    struct expr_error repeated; /* a name given twice counts once */
    path_tree_init(&projection->tree, arena, count);
    for (uint32_t i = count; i-- > 0;) {
        elements[i] = (struct path_element){.name = names[i]};
        paths[i] = (struct path){.elements = &elements[i], .count = 1};
        (void)path_tree_add(&projection->tree, &paths[i], &paths[i], &repeated);
    }
    path_tree_finish(&projection->tree);
    return projection;
}

bool projection_visit_paths(const struct projection *projection,
                            bool (*visit)(void *context, struct slice name, bool nested), void *context)
{
    const struct path_branch *root = projection->tree.root;
    for (uint32_t i = 0; i < root->child_count; i++) {
        if (!visit(context, root->children[i]->element.name, root->children[i]->child_count > 0)) {
            return false;
        }
    }
    return true;
}

bool projection_visit_names(const struct projection *projection, bool (*visit)(void *context, struct slice name),
                            void *context)
{
    const struct path_branch *root = projection->tree.root;
    for (uint32_t i = 0; i < root->child_count; i++) {
        if (!visit(context, root->children[i]->element.name)) {
            return false;
        }
    }
    return true;
}

struct projector {
    const struct path_tree *tree;
    struct arena *arena;
};

static bool project(struct projector *projector, const struct path_branch *branch, const struct value *value,
                    struct value *ret_part);

static bool project_map(struct projector *projector, const struct path_branch *branch, const struct value *map,
                        struct value *ret_part)
{
    struct attribute *attributes = ARENA_ARRAY(projector->arena, struct attribute, branch->child_count);
    uint32_t *places = path_tree_locate(projector->tree, branch, map, projector->arena);
    uint32_t count = 0;
    for (uint32_t i = 0; i < branch->child_count; i++) {
        if (places[i] == PATH_TREE_NOWHERE) {
            continue;
        }
        const struct attribute *attribute = &map->attributes[places[i]];
        if (project(projector, branch->children[i], &attribute->value, &attributes[count].value)) {
            attributes[count++].name = attribute->name;
        }
    }
    *ret_part = (struct value){.type = VALUE_M, .count = count, .attributes = attributes};
    return count > 0;
}

static bool project_list(struct projector *projector, const struct path_branch *branch, const struct value *list,
                         struct value *ret_part)
{
    struct value *elements = ARENA_ARRAY(projector->arena, struct value, branch->child_count);
    uint32_t count = 0;
    for (uint32_t i = 0; i < branch->child_count; i++) {
        const struct value *element = path_step(list, &branch->children[i]->element);
        if (element != NULL && project(projector, branch->children[i], element, &elements[count])) {
            count++;
        }
    }
    *ret_part = (struct value){.type = VALUE_L, .count = count, .elements = elements};
    return count > 0;
}

/* False if nothing of the value is named. Recursion is bounded by PATH_ELEMENTS_MAX. */
static bool project(struct projector *projector, const struct path_branch *branch, const struct value *value,
                    struct value *ret_part)
{
    if (branch->child_count == 0) {
        *ret_part = *value;
        return true;
    }
    bool by_index = branch->children[0]->element.is_index;
    if (value->type != (by_index ? VALUE_L : VALUE_M)) {
        return false;
    }
    return by_index ? project_list(projector, branch, value, ret_part)
                    : project_map(projector, branch, value, ret_part);
}

void path_tree_project(const struct path_tree *tree, const struct item *item, struct arena *arena,
                       struct item *ret_parts)
{
    struct projector projector = {.tree = tree, .arena = arena};
    struct value whole = item_as_map(item);
    struct value parts = {.type = VALUE_M};
    if (tree->root->child_count > 0) {
        (void)project_map(&projector, tree->root, &whole, &parts);
    }
    *ret_parts = (struct item){.attributes = parts.attributes, .count = parts.count};
}

void projection_apply(const struct projection *projection, const struct item *item, struct arena *arena,
                      struct item *ret_parts)
{
    path_tree_project(&projection->tree, item, arena, ret_parts);
}
