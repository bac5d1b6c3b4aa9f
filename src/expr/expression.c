/* Operators, parentheses and functions: conditions, and the values of SET clauses.
 *
 *   condition := condition OR condition | condition AND condition | NOT condition | '(' condition ')'
 *              | operand comparator operand | operand BETWEEN operand AND operand | operand IN '(' operand, … ')'
 *              | function
 *   value     := '(' value ')' | operand | operand '+' operand | operand '-' operand
 *   operand   := path | :value | function | '(' operand ')'
 *   function  := identifier '(' operand, … ')'
 *
 * A '(' at the start of a condition may turn out to open a condition or an operand, and a function may be either. So
 * there is one machine for all of it, with two explicit stacks, instead of recursive functions with look-ahead: `items`
 * holds finished nodes that nothing has taken yet, `frames` what is open around them. Each token is looked at once or
 * twice and the C stack does not grow with the text.
 *
 * DynamoDB's parser looks ahead until it knows what a '(' or a function opens, and refuses redundant parentheses only
 * then: in `((a)) x` the x is reported, in `((a)) = x y` the parentheses are. `deciding` says that a look-ahead would
 * still be going on. */
#include <assert.h>

#include "expr/parser.h"

enum frame_kind {
    FRAME_BOTTOM,
    FRAME_PARENTHESIS,         /* where a condition or value may stand */
    FRAME_OPERAND_PARENTHESIS, /* where only an operand may stand */
    FRAME_NOT,
    FRAME_AND,
    FRAME_OR,
    FRAME_COMPARE,
    FRAME_BETWEEN_LOW,
    FRAME_BETWEEN_HIGH,
    FRAME_IN,
    FRAME_CALL,
    FRAME_ARITHMETIC,
};

struct frame {
    uint8_t kind;
    uint8_t op;        /* enum node_op of the node it becomes */
    uint32_t position; /* of that node */
    uint32_t base;     /* the first of its operands in `items` */
};

struct machine {
    struct parser *parser;
    bool update; /* a SET value, else a condition */
    struct node **items;
    uint32_t item_count, item_capacity;
    struct frame *frames;
    uint32_t frame_count, frame_capacity;
    bool deciding;            /* what stands at the start of a whole is not known yet */
    uint32_t deciding_parens; /* FRAME_PARENTHESIS open since then */
    bool redundant;           /* parentheses were redundant meanwhile */
};

enum step { STEP_FAILED, STEP_OPERAND, STEP_FINISHED_ITEM, STEP_DONE };

/* Both stacks are bounded by the text; what they outgrow stays in the arena. */
static void *grow(struct arena *arena, const void *old, uint32_t count, uint32_t *capacity, size_t size)
{
    *capacity *= 2;
    void *larger = arena_alloc(arena, *capacity * size);
    memcpy(larger, old, count * size);
    return larger;
}

static void push_item(struct machine *machine, struct node *node)
{
    if (machine->item_count == machine->item_capacity) {
        machine->items = grow(machine->parser->arena, machine->items, machine->item_count, &machine->item_capacity,
                              sizeof *machine->items);
    }
    machine->items[machine->item_count++] = node;
}

static void push_frame(struct machine *machine, enum frame_kind kind, enum node_op op, uint32_t position, uint32_t base)
{
    if (machine->frame_count == machine->frame_capacity) {
        machine->frames = grow(machine->parser->arena, machine->frames, machine->frame_count, &machine->frame_capacity,
                               sizeof *machine->frames);
    }
    machine->frames[machine->frame_count++] =
        (struct frame){.kind = (uint8_t)kind, .op = (uint8_t)op, .position = position, .base = base};
}

static struct frame *top_frame(struct machine *machine)
{
    return &machine->frames[machine->frame_count - 1];
}

static struct node *top_item(struct machine *machine)
{
    assert(machine->item_count > 0);
    return machine->items[machine->item_count - 1];
}

/* True where a whole condition or value may start or has just ended. */
static bool at_whole(struct machine *machine)
{
    switch (top_frame(machine)->kind) {
    case FRAME_BOTTOM:
    case FRAME_PARENTHESIS:
    case FRAME_NOT:
    case FRAME_AND:
    case FRAME_OR:
        return true;
    default:
        return false;
    }
}

static bool refuse_parentheses(struct machine *machine)
{
    expr_fail(&machine->parser->syntax_error, EXPR_REDUNDANT_PARENTHESES, SLICE(""), SLICE(""));
    return false;
}

/* It is known now what everything that is open will be. False if that included redundant parentheses. */
static bool decided(struct machine *machine)
{
    machine->deciding = false;
    machine->deciding_parens = 0;
    return machine->redundant ? refuse_parentheses(machine) : true;
}

/* The top frame and its operands become one node. */
static enum step reduce(struct machine *machine)
{
    struct parser *parser = machine->parser;
    struct frame frame = *top_frame(machine);
    assert(machine->item_count > frame.base);
    struct node *node = parser_node(parser, frame.op, frame.position);
    node->count = machine->item_count - frame.base;
    node->operands = ARENA_ARRAY(parser->arena, struct node *, node->count);
    memcpy(node->operands, machine->items + frame.base, node->count * sizeof *node->operands);
    parser->operators++;
    machine->frame_count--;
    machine->item_count = frame.base;
    push_item(machine, node);
    return STEP_FINISHED_ITEM;
}

static struct slice function_name(struct parser *parser, const struct node *node)
{
    return token_text(parser->text, token_read(parser->text, node->position));
}

/* Some functions are operands, some are conditions (or stand for a whole value), one is both. */
static void use_as_operand(struct machine *machine, const struct node *item)
{
    bool fits = machine->update ? item->op == NODE_IF_NOT_EXISTS : item->op == NODE_SIZE;
    if (node_is_function(item) && !fits) {
        parser_misplaced(machine->parser, EXPR_FUNCTION_MISPLACED, item->position,
                         function_name(machine->parser, item));
    }
}

static void use_as_condition(struct machine *machine, const struct node *item)
{
    if (item->op == NODE_SIZE) {
        parser_misplaced(machine->parser, EXPR_FUNCTION_MISPLACED, item->position,
                         function_name(machine->parser, item));
    }
}

static void open_call(struct machine *machine, struct token name)
{
    struct parser *parser = machine->parser;
    struct slice text = token_text(parser->text, name);
    enum node_op op = node_function(text);
    bool of_updates = op == NODE_IF_NOT_EXISTS || op == NODE_LIST_APPEND;
    if (op == NODE_UNKNOWN_FUNCTION) {
        parser_misplaced(parser, EXPR_FUNCTION_UNKNOWN, name.start, text);
    } else if (of_updates != machine->update) {
        parser_misplaced(parser, machine->update ? EXPR_NOT_IN_UPDATE : EXPR_NOT_IN_CONDITION, name.start, text);
    }
    machine->deciding = machine->deciding || at_whole(machine);
    push_frame(machine, FRAME_CALL, op, name.start, machine->item_count);
}

/* What opens in front of an operand, and then the operand itself. */
static bool read_operand(struct machine *machine)
{
    struct parser *parser = machine->parser;
    struct node *node;
    for (;;) {
        struct token token = parser->token;
        if (token.kind == TOKEN_OPEN) {
            if (at_whole(machine)) {
                machine->deciding = true;
                machine->deciding_parens++;
                push_frame(machine, FRAME_PARENTHESIS, NODE_PATH, token.start, machine->item_count);
            } else {
                push_frame(machine, FRAME_OPERAND_PARENTHESIS, NODE_PATH, token.start, machine->item_count);
            }
            parser_advance(parser);
        } else if (token.kind == TOKEN_NOT && !machine->update && at_whole(machine)) {
            if (!decided(machine)) {
                return false;
            }
            push_frame(machine, FRAME_NOT, NODE_NOT, token.start, machine->item_count);
            parser_advance(parser);
        } else if (token.kind == TOKEN_IDENTIFIER && token_read(parser->text, token.end).kind == TOKEN_OPEN) {
            open_call(machine, token);
            parser_advance(parser);
            parser_advance(parser);
        } else {
            bool read = token.kind == TOKEN_VALUE ? parser_value(parser, &node) : parser_path(parser, &node);
            if (read) {
                push_item(machine, node);
            }
            return read;
        }
    }
}

/* A comparator, BETWEEN, IN, + or - behind an operand that starts where a whole may start. STEP_DONE: none of them. */
static enum step open_operator(struct machine *machine)
{
    struct parser *parser = machine->parser;
    struct token token = parser->token;
    uint32_t base = machine->item_count - 1;
    if (machine->update) {
        if (token.kind != TOKEN_PLUS && token.kind != TOKEN_MINUS) {
            return STEP_DONE;
        }
        push_frame(machine, FRAME_ARITHMETIC, token.kind == TOKEN_PLUS ? NODE_PLUS : NODE_MINUS, token.start, base);
    } else if (token.kind >= TOKEN_EQ && token.kind <= TOKEN_GE) {
        push_frame(machine, FRAME_COMPARE, NODE_EQ + (token.kind - TOKEN_EQ), token.start, base);
    } else if (token.kind == TOKEN_BETWEEN) {
        push_frame(machine, FRAME_BETWEEN_LOW, NODE_BETWEEN, token.start, base);
    } else if (token.kind == TOKEN_IN) {
        push_frame(machine, FRAME_IN, NODE_IN, token.start, base);
    } else {
        return STEP_DONE;
    }
    if (!decided(machine)) {
        return STEP_FAILED;
    }
    use_as_operand(machine, top_item(machine));
    parser_advance(parser);
    if (token.kind == TOKEN_IN && !parser_take(parser, TOKEN_OPEN)) {
        return STEP_FAILED;
    }
    return STEP_OPERAND;
}

static enum step close_parenthesis(struct machine *machine)
{
    struct node *item = top_item(machine);
    if (!parser_take(machine->parser, TOKEN_CLOSE)) {
        return STEP_FAILED;
    }
    machine->redundant = machine->redundant || item->parenthesised;
    item->parenthesised = true;
    if (top_frame(machine)->kind == FRAME_PARENTHESIS && machine->deciding && --machine->deciding_parens == 0 &&
        (machine->update || node_is_function(item))) {
        machine->deciding = false; /* this may be all there is */
    }
    machine->frame_count--;
    if (machine->redundant && !machine->deciding) {
        refuse_parentheses(machine);
        return STEP_FAILED;
    }
    return STEP_FINISHED_ITEM;
}

static enum step open_logical(struct machine *machine, enum frame_kind kind)
{
    if (!decided(machine)) {
        return STEP_FAILED;
    }
    push_frame(machine, kind, kind == FRAME_AND ? NODE_AND : NODE_OR, machine->parser->token.start,
               machine->item_count - 1);
    parser_advance(machine->parser);
    return STEP_OPERAND;
}

/* The top item has ended where a whole condition may end. */
static enum step after_condition(struct machine *machine)
{
    struct parser *parser = machine->parser;
    struct node *item = top_item(machine);
    enum frame_kind kind = top_frame(machine)->kind;
    if (item->op == NODE_PATH || item->op == NODE_VALUE) {
        parser_syntax_error(parser);
        return STEP_FAILED;
    }
    use_as_condition(machine, item);
    if (kind == FRAME_NOT || kind == FRAME_AND) {
        return reduce(machine);
    }
    if (parser->token.kind == TOKEN_AND) {
        return open_logical(machine, FRAME_AND);
    }
    if (kind == FRAME_OR) {
        return reduce(machine);
    }
    if (parser->token.kind == TOKEN_OR) {
        return open_logical(machine, FRAME_OR);
    }
    if (kind == FRAME_BOTTOM) {
        return STEP_DONE;
    }
    parser_syntax_error(parser);
    return STEP_FAILED;
}

static enum step after_whole(struct machine *machine)
{
    struct node *item = top_item(machine);
    if (item->op == NODE_PATH || item->op == NODE_VALUE || node_is_function(item)) {
        enum step step = open_operator(machine);
        if (step != STEP_DONE) {
            return step;
        }
    }
    enum frame_kind kind = top_frame(machine)->kind;
    if (kind == FRAME_PARENTHESIS && (machine->update || machine->parser->token.kind == TOKEN_CLOSE)) {
        return close_parenthesis(machine);
    }
    return machine->update ? STEP_DONE : after_condition(machine);
}

/* The next operand of a function or of IN, or their end. */
static enum step after_listed(struct machine *machine)
{
    struct parser *parser = machine->parser;
    if (parser->token.kind == TOKEN_COMMA) {
        parser_advance(parser);
        return STEP_OPERAND;
    }
    if (!parser_take(parser, TOKEN_CLOSE)) {
        return STEP_FAILED;
    }
    reduce(machine);
    if (at_whole(machine) && machine->deciding_parens == 0 && !decided(machine)) {
        return STEP_FAILED; /* a function may be all there is */
    }
    return STEP_FINISHED_ITEM;
}

/* What follows the item that has just ended. */
static enum step after_item(struct machine *machine)
{
    struct frame *frame = top_frame(machine);
    if (at_whole(machine)) {
        return after_whole(machine);
    }
    use_as_operand(machine, top_item(machine));
    switch ((enum frame_kind)frame->kind) {
    case FRAME_OPERAND_PARENTHESIS:
        return close_parenthesis(machine);
    case FRAME_BETWEEN_LOW:
        frame->kind = FRAME_BETWEEN_HIGH;
        return parser_take(machine->parser, TOKEN_AND) ? STEP_OPERAND : STEP_FAILED;
    case FRAME_IN:
    case FRAME_CALL:
        return after_listed(machine);
    default:
        assert(frame->kind == FRAME_COMPARE || frame->kind == FRAME_BETWEEN_HIGH || frame->kind == FRAME_ARITHMETIC);
        return reduce(machine);
    }
}

bool parser_expression(struct parser *parser, struct node **ret_root)
{
    struct node *items[16];
    struct frame frames[16];
    struct machine machine = {.parser = parser,
                              .update = parser->kind == EXPR_UPDATE,
                              .items = items,
                              .item_capacity = 16,
                              .frames = frames,
                              .frame_capacity = 16};
    push_frame(&machine, FRAME_BOTTOM, NODE_PATH, 0, 0);
    enum step step = STEP_OPERAND;
    while (step != STEP_DONE) {
        if (step == STEP_FAILED || (step == STEP_OPERAND && !read_operand(&machine))) {
            return false;
        }
        step = after_item(&machine);
    }
    assert(machine.item_count == 1 && machine.frame_count == 1);
    *ret_root = machine.items[0];
    return true;
}
