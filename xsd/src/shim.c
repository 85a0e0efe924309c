/* The C side of the fence around libxml2: compile a schema from memory, validate canonical bytes.
 * Nothing is read from disk or network, nothing is printed, no DTD is loaded. */

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/xmlerror.h>
#include <libxml/xmlschemas.h>
#include <libxml/xmlschemastypes.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

typedef struct {
    const char *name;
    const char *data;
    size_t length;
} nir_file;

/* A compiled schema and the tree it was read from, which its components point into. */
typedef struct {
    xmlSchemaPtr schema;
    xmlDocPtr document;
} nir_schema;

typedef struct {
    int code;
    const char *path;
    const char *name;
    const char *space;
    const char *text;
    const char *message;
} nir_violation;

typedef void (*nir_report)(void *sink, const nir_violation *violation);

/* Not a code of libxml2's: an attribute of XMLSchema-instance stands on the element; `text` is its name. */
#define NIR_INSTANCE_ATTRIBUTE 1
#define INSTANCE "http://www.w3.org/2001/XMLSchema-instance"

/* The files that the schema being compiled on this thread may include. */
static __thread const nir_file *files = NULL;
static __thread size_t file_count = 0;

static void silent(void *context, const char *message, ...) {
    (void)context;
    (void)message;
}

static void silent_structured(void *context, xmlErrorPtr error) {
    (void)context;
    (void)error;
}

/* Serves the embedded files while a schema is compiled, and refuses everything else, always. */
static xmlParserInputPtr load(const char *url, const char *id, xmlParserCtxtPtr context) {
    (void)id;
    if (url == NULL) return NULL;
    const char *name = strrchr(url, '/');
    name = name == NULL ? url : name + 1;
    for (size_t i = 0; i < file_count; i++) {
        if (strcmp(files[i].name, name) != 0) continue;
        xmlParserInputBufferPtr buffer =
            xmlParserInputBufferCreateMem(files[i].data, (int)files[i].length, XML_CHAR_ENCODING_UTF8);
        if (buffer == NULL) return NULL;
        xmlParserInputPtr input = xmlNewIOInputStream(context, buffer, XML_CHAR_ENCODING_UTF8);
        if (input == NULL) {
            xmlFreeParserInputBuffer(buffer);
            return NULL;
        }
        input->filename = (char *)xmlStrdup((const xmlChar *)url);
        return input;
    }
    return NULL;
}

/* Once per process, before any thread uses the library. */
void nir_xsd_init(void) {
    xmlInitParser();
    xmlSchemaInitTypes();
    xmlSetExternalEntityLoader(load);
}

/* The handlers are thread-local in libxml2. */
static void quiet(void) {
    xmlSetGenericErrorFunc(NULL, silent);
    xmlSetStructuredErrorFunc(NULL, silent_structured);
}

void nir_xsd_free(nir_schema *compiled) {
    if (compiled == NULL) return;
    /* The schema first: it points into the tree, which it never frees (libxml2's "preserve"). */
    if (compiled->schema != NULL) xmlSchemaFree(compiled->schema);
    if (compiled->document != NULL) xmlFreeDoc(compiled->document);
    xmlFree(compiled);
}

nir_schema *nir_xsd_compile(const nir_file *all, size_t count, size_t root) {
    quiet();
    for (size_t i = 0; i < count; i++)
        if (all[i].length > INT_MAX) return NULL;
    nir_schema *compiled = xmlMalloc(sizeof *compiled);
    if (compiled == NULL) return NULL;
    compiled->schema = NULL;
    files = all;
    file_count = count;
    char url[256];
    snprintf(url, sizeof url, "mem:/%s", all[root].name);
    compiled->document = xmlReadMemory(all[root].data, (int)all[root].length, url, "UTF-8", XML_PARSE_NONET);
    if (compiled->document != NULL) {
        xmlSchemaParserCtxtPtr context = xmlSchemaNewDocParserCtxt(compiled->document);
        if (context != NULL) {
            xmlSchemaSetParserErrors(context, silent, silent, NULL);
            compiled->schema = xmlSchemaParse(context);
            xmlSchemaFreeParserCtxt(context);
        }
    }
    files = NULL;
    file_count = 0;
    if (compiled->schema == NULL) {
        nir_xsd_free(compiled);
        return NULL;
    }
    return compiled;
}

/* 0 valid, 1 invalid, -1 the validator itself failed. */
int nir_xsd_validate(const nir_schema *compiled, const char *data, size_t length) {
    quiet();
    if (length > INT_MAX) return -1;
    xmlSchemaValidCtxtPtr context = xmlSchemaNewValidCtxt(compiled->schema);
    if (context == NULL) return -1;
    xmlSchemaSetValidStructuredErrors(context, silent_structured, NULL);
    xmlParserInputBufferPtr input = xmlParserInputBufferCreateMem(data, (int)length, XML_CHAR_ENCODING_UTF8);
    int result = -1;
    if (input != NULL) {
        /* Takes the buffer over, whatever it answers. */
        result = xmlSchemaValidateStream(context, input, XML_CHAR_ENCODING_UTF8, NULL, NULL);
    }
    xmlSchemaFreeValidCtxt(context);
    return result == 0 ? 0 : result > 0 ? 1 : -1;
}

typedef struct {
    nir_report report;
    void *sink;
    size_t limit;
    size_t total;
    const xmlNode *last_value;
} collector;

/* "/root/person[2/3]/…": local names, each with its place among the siblings of that name and their count. Each
 * step looks at all siblings, so it runs for the violations that are told and for no others. */
static void path_of(xmlNodePtr node, char *out, size_t size) {
    if (node == NULL || node->type != XML_ELEMENT_NODE) return;
    path_of(node->parent, out, size);
    int place = 1, count = 1;
    for (xmlNodePtr other = node->prev; other != NULL; other = other->prev)
        if (other->type == XML_ELEMENT_NODE && xmlStrEqual(other->name, node->name)) place++, count++;
    for (xmlNodePtr other = node->next; other != NULL; other = other->next)
        if (other->type == XML_ELEMENT_NODE && xmlStrEqual(other->name, node->name)) count++;
    size_t used = strlen(out);
    if (used + 1 < size) snprintf(out + used, size - used, "/%s[%d/%d]", (const char *)node->name, place, count);
}

/* Counts a violation, and tells it while there is room. */
static void tell(collector *to, int code, xmlNodePtr node, const char *text, const char *message) {
    if (++to->total > to->limit) return;
    char path[1024] = "";
    path_of(node, path, sizeof path);
    nir_violation violation = {
        .code = code,
        .path = path,
        .name = node == NULL || node->name == NULL ? "" : (const char *)node->name,
        .space = node == NULL || node->ns == NULL || node->ns->href == NULL ? "" : (const char *)node->ns->href,
        .text = text == NULL ? "" : text,
        .message = message == NULL ? "" : message,
    };
    to->report(to->sink, &violation);
}

static void collect(void *context, xmlErrorPtr error) {
    collector *to = context;
    xmlNodePtr node = error->node;
    if (node != NULL && node->type == XML_ATTRIBUTE_NODE) node = node->parent;
    if (node != NULL && node->type != XML_ELEMENT_NODE) node = NULL;
    /* One wrong value is reported by each facet and then by its type: the first says most. So does an element within
     * the value, because of which the value is then reported as empty. */
    int code = error->code;
    int of_type = code >= XML_SCHEMAV_CVC_DATATYPE_VALID_1_2_1 && code <= XML_SCHEMAV_CVC_DATATYPE_VALID_1_2_3;
    int of_facet = code >= XML_SCHEMAV_CVC_FACET_VALID && code <= XML_SCHEMAV_CVC_ENUMERATION_VALID;
    if (of_type || of_facet || code == XML_SCHEMAV_CVC_TYPE_3_1_2) {
        if (node != NULL && node == to->last_value) return;
        to->last_value = node;
    }
    xmlChar *text = NULL;
    if (to->total < to->limit && node != NULL && xmlFirstElementChild(node) == NULL) text = xmlNodeGetContent(node);
    tell(to, error->code, node, (const char *)text, error->message);
    xmlFree(text);
}

/* Tells every attribute of XMLSchema-instance and takes it off, so that it leads to no other violation. */
static void instance_attributes(xmlNodePtr root, collector *to) {
    xmlNodePtr node = root;
    while (node != NULL) {
        if (node->type == XML_ELEMENT_NODE) {
            for (xmlAttrPtr attribute = node->properties, next; attribute != NULL; attribute = next) {
                next = attribute->next;
                if (attribute->ns == NULL || !xmlStrEqual(attribute->ns->href, BAD_CAST INSTANCE)) continue;
                tell(to, NIR_INSTANCE_ATTRIBUTE, node, (const char *)attribute->name, NULL);
                xmlRemoveProp(attribute);
            }
            if (node->children != NULL) {
                node = node->children;
                continue;
            }
        }
        while (node != root && node->next == NULL) node = node->parent;
        if (node == root) return;
        node = node->next;
    }
}

/* As nir_xsd_validate, over a tree and with no attribute of XMLSchema-instance allowed; tells the first `limit`
 * violations and counts them all. */
int nir_xsd_explain(const nir_schema *compiled, const char *data, size_t length, size_t limit, nir_report report,
                    void *sink, size_t *total) {
    quiet();
    *total = 0;
    if (length > INT_MAX) return -1;
    xmlDocPtr document = xmlReadMemory(data, (int)length, NULL, "UTF-8", XML_PARSE_NONET);
    if (document == NULL) return -1;
    xmlSchemaValidCtxtPtr context = xmlSchemaNewValidCtxt(compiled->schema);
    int result = -1;
    if (context != NULL) {
        collector to = {.report = report, .sink = sink, .limit = limit, .total = 0, .last_value = NULL};
        instance_attributes(xmlDocGetRootElement(document), &to);
        xmlSchemaSetValidStructuredErrors(context, collect, &to);
        result = xmlSchemaValidateDoc(context, document);
        xmlSchemaFreeValidCtxt(context);
        *total = to.total;
        if (result == 0 && to.total > 0) result = 1;
    }
    xmlFreeDoc(document);
    return result == 0 ? 0 : result > 0 ? 1 : -1;
}
