/* The C side of the fence around libxml2: compile a schema from memory, validate canonical bytes.
 * Nothing is read from disk or network, nothing is printed, no DTD is loaded. */

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/xmlerror.h>
#include <libxml/xmlschemas.h>
#include <libxml/xmlschemastypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

typedef struct {
    const char *name;
    const char *data;
    size_t length;
} nir_file;

typedef void (*nir_violation)(void *sink, int code, const char *path, const char *name, const char *text,
                              const char *message);

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

void *nir_xsd_compile(const nir_file *all, size_t count, size_t root) {
    quiet();
    xmlSetExternalEntityLoader(load);
    files = all;
    file_count = count;
    char url[256] = "mem:/";
    strncat(url, all[root].name, sizeof url - 6);
    xmlSchemaPtr schema = NULL;
    xmlDocPtr document = xmlReadMemory(all[root].data, (int)all[root].length, url, "UTF-8", XML_PARSE_NONET);
    if (document != NULL) {
        xmlSchemaParserCtxtPtr context = xmlSchemaNewDocParserCtxt(document);
        if (context != NULL) {
            xmlSchemaSetParserErrors(context, silent, silent, NULL);
            schema = xmlSchemaParse(context);
            xmlSchemaFreeParserCtxt(context);
        }
        /* xmlSchemaNewDocParserCtxt keeps the document for the schema's life only when parsing succeeded. */
        if (schema == NULL) xmlFreeDoc(document);
    }
    files = NULL;
    file_count = 0;
    return schema;
}

void nir_xsd_free(void *schema) { xmlSchemaFree(schema); }

/* 0 valid, 1 invalid, -1 the validator itself failed. */
int nir_xsd_validate(void *schema, const char *data, size_t length) {
    quiet();
    xmlSchemaValidCtxtPtr context = xmlSchemaNewValidCtxt(schema);
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
    nir_violation report;
    void *sink;
} collector;

/* "/root/person[2/3]/…": local names, each with its place among the siblings of that name and their count. */
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

static void collect(void *context, xmlErrorPtr error) {
    collector *to = context;
    xmlNodePtr node = error->node;
    if (node != NULL && node->type == XML_ATTRIBUTE_NODE) node = node->parent;
    char path[1024] = "";
    path_of(node, path, sizeof path);
    xmlChar *text = NULL;
    if (node != NULL && node->type == XML_ELEMENT_NODE && xmlFirstElementChild(node) == NULL)
        text = xmlNodeGetContent(node);
    to->report(to->sink, error->code, path, node == NULL ? "" : (const char *)node->name,
               text == NULL ? "" : (const char *)text, error->message == NULL ? "" : error->message);
    xmlFree(text);
}

/* As nir_xsd_validate, over a tree, telling every violation. */
int nir_xsd_explain(void *schema, const char *data, size_t length, nir_violation report, void *sink) {
    quiet();
    xmlDocPtr document = xmlReadMemory(data, (int)length, NULL, "UTF-8", XML_PARSE_NONET);
    if (document == NULL) return -1;
    xmlSchemaValidCtxtPtr context = xmlSchemaNewValidCtxt(schema);
    int result = -1;
    if (context != NULL) {
        collector to = {report, sink};
        xmlSchemaSetValidStructuredErrors(context, collect, &to);
        result = xmlSchemaValidateDoc(context, document);
        xmlSchemaFreeValidCtxt(context);
    }
    xmlFreeDoc(document);
    return result == 0 ? 0 : result > 0 ? 1 : -1;
}
