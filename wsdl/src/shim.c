/* The C side of the fence around libxmlsec1: verify one message with one given key, and compare the bytes that were
 * digested. KeyInfo can never yield a key, nothing is fetched, nothing is printed, and the error handlers that the
 * thread had before are put back. */

#include <libxml/c14n.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xmlerror.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <xmlsec/app.h>
#include <xmlsec/buffer.h>
#include <xmlsec/crypto.h>
#include <xmlsec/errors.h>
#include <xmlsec/io.h>
#include <xmlsec/list.h>
#include <xmlsec/openssl/app.h>
#include <xmlsec/openssl/crypto.h>
#include <xmlsec/transforms.h>
#include <xmlsec/xmldsig.h>
#include <xmlsec/xmlsec.h>
#include <xmlsec/xmltree.h>

#define SOAP11 "http://schemas.xmlsoap.org/soap/envelope/"
#define SOAP12 "http://www.w3.org/2003/05/soap-envelope"
#define WSSE "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"

enum { AGREES = 0, DISAGREES = 1, FAILED = -1 };

typedef struct {
    const unsigned char *data;
    size_t length;
} nir_bytes;

/* One reference of the signature: the id that it names, and the bytes that the other verifier digested. */
typedef struct {
    nir_bytes id;
    nir_bytes digested;
} nir_part;

/* Where the call under way on this thread wants its reason. */
static __thread char *reason = NULL;
static __thread size_t reason_size = 0;

/* The first reason stands: what follows are its consequences. */
static void because(const char *text) {
    if (reason != NULL && reason_size > 0 && reason[0] == '\0') snprintf(reason, reason_size, "%s", text);
}

/* The library's own names of functions and errors alone: subject and message can quote what was sent. */
static void security_error(const char *file, int line, const char *function, const char *object, const char *subject,
                           int code, const char *message) {
    (void)file, (void)line, (void)object, (void)subject, (void)message;
    char text[160];
    const char *words = "unknown";
    for (xmlSecSize i = 0; i < XMLSEC_ERRORS_MAX_NUMBER && xmlSecErrorsGetMsg(i) != NULL; i++)
        if (xmlSecErrorsGetCode(i) == code) words = xmlSecErrorsGetMsg(i);
    snprintf(text, sizeof text, "%s: %s", function == NULL ? "?" : function, words);
    because(text);
}

static void silent(void *context, const char *message, ...) {
    (void)context;
    (void)message;
}

static void silent_structured(void *context, xmlErrorPtr error) {
    (void)context;
    (void)error;
}

/* libxml2's handlers of this thread, kept while ours are in place. */
typedef struct {
    xmlGenericErrorFunc generic;
    void *generic_context;
    xmlStructuredErrorFunc structured;
    void *structured_context;
} nir_handlers;

static nir_handlers quiet(void) {
    nir_handlers before = {xmlGenericError, xmlGenericErrorContext, xmlStructuredError, xmlStructuredErrorContext};
    xmlSetGenericErrorFunc(NULL, silent);
    xmlSetStructuredErrorFunc(NULL, silent_structured);
    return before;
}

static void restore(nir_handlers before) {
    /* The last error keeps a copy of its text until then. */
    xmlResetLastError();
    xmlSetGenericErrorFunc(before.generic_context, before.generic);
    xmlSetStructuredErrorFunc(before.structured_context, before.structured);
}

/* Once per process. 0 when the library is usable. */
int nir_xmlsec_init(void) {
    xmlInitParser();
    if (xmlSecInit() < 0 || xmlSecCheckVersion() != 1) return -1;
    if (xmlSecOpenSSLAppInit(NULL) < 0 || xmlSecOpenSSLInit() < 0) return -1;
    /* No file, http or ftp is ever opened. */
    xmlSecIOCleanupCallbacks();
    xmlSecErrorsSetCallback(security_error);
    return 0;
}

/* A public key from SubjectPublicKeyInfo, DER. */
void *nir_xmlsec_key(const unsigned char *spki, size_t length) {
    return xmlSecOpenSSLAppKeyLoadMemory(spki, (xmlSecSize)length, xmlSecKeyDataFormatDer, NULL, NULL, NULL);
}

void nir_xmlsec_key_free(void *key) { xmlSecKeyDestroy(key); }

/* A tree only of text that is well-formed with namespaces (libxml2 tells the two apart) and has no DTD. */
static xmlDocPtr parse(const char *text, size_t length) {
    if (length > INT_MAX) return NULL;
    xmlParserCtxtPtr context = xmlNewParserCtxt();
    if (context == NULL) return NULL;
    xmlDocPtr document = xmlCtxtReadMemory(context, text, (int)length, NULL, "UTF-8", XML_PARSE_NONET);
    int good = document != NULL && context->wellFormed && context->nsWellFormed && document->intSubset == NULL;
    xmlFreeParserCtxt(context);
    if (!good && document != NULL) {
        xmlFreeDoc(document);
        document = NULL;
    }
    return document;
}

static int same(nir_bytes bytes, const xmlChar *text) {
    size_t length = text == NULL ? 0 : strlen((const char *)text);
    return length == bytes.length && (length == 0 || memcmp(text, bytes.data, length) == 0);
}

/* The next expected id. */
typedef struct {
    const nir_bytes *at;
    const nir_bytes *end;
} nir_ids;

/* Registers every attribute named Id, ID or id in any namespace, which must be the expected ones, in their order. */
static int add_ids(xmlDocPtr document, xmlNodePtr node, nir_ids *expected) {
    for (; node != NULL; node = node->next) {
        if (node->type != XML_ELEMENT_NODE) continue;
        for (xmlAttrPtr attribute = node->properties; attribute != NULL; attribute = attribute->next) {
            const char *name = (const char *)attribute->name;
            if (strcmp(name, "Id") != 0 && strcmp(name, "ID") != 0 && strcmp(name, "id") != 0) continue;
            if (expected->at == expected->end) return -1;
            xmlChar *value = xmlNodeListGetString(document, attribute->children, 1);
            int good = same(*expected->at++, value);
            /* An empty value names nothing: the library registers none. */
            if (good && value != NULL && value[0] != '\0') {
                /* xml:id is registered by the parser itself. */
                good = xmlGetID(document, value) == attribute || xmlAddID(NULL, document, value, attribute) != NULL;
            }
            xmlFree(value);
            if (!good) return -1;
        }
        if (add_ids(document, node->children, expected) != 0) return -1;
    }
    return 0;
}

/* The one child element of that name; NULL also when there are several. */
static xmlNodePtr only(xmlNodePtr parent, const char *name, const char *space) {
    xmlNodePtr found = NULL;
    if (parent == NULL || space == NULL) return NULL;
    for (xmlNodePtr node = xmlFirstElementChild(parent); node != NULL; node = xmlNextElementSibling(node)) {
        if (strcmp((const char *)node->name, name) != 0) continue;
        if (node->ns == NULL || strcmp((const char *)node->ns->href, space) != 0) continue;
        if (found != NULL) return NULL;
        found = node;
    }
    return found;
}

/* The Signature in its proper place, and no other that happens to come first. */
static xmlNodePtr signature_of(xmlNodePtr envelope) {
    const char *space = envelope->ns == NULL ? NULL : (const char *)envelope->ns->href;
    if (space == NULL || (strcmp(space, SOAP11) != 0 && strcmp(space, SOAP12) != 0)) return NULL;
    xmlNodePtr security = only(only(envelope, "Header", space), "Security", WSSE);
    return only(security, "Signature", (const char *)xmlSecDSigNs);
}

static int configure(xmlSecDSigCtxPtr context, xmlSecKeyPtr key) {
    xmlSecTransformId references[] = {xmlSecTransformExclC14NId, xmlSecTransformEnvelopedId, xmlSecTransformSha256Id,
                                      xmlSecTransformSha384Id, xmlSecTransformSha512Id};
    xmlSecTransformId signatures[] = {xmlSecTransformExclC14NId,   xmlSecTransformRsaSha256Id,
                                      xmlSecTransformRsaSha384Id,  xmlSecTransformRsaSha512Id,
                                      xmlSecTransformEcdsaSha256Id, xmlSecTransformEcdsaSha384Id};
    for (size_t i = 0; i < sizeof references / sizeof *references; i++)
        if (xmlSecDSigCtxEnableReferenceTransform(context, references[i]) < 0) return -1;
    for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++)
        if (xmlSecDSigCtxEnableSignatureTransform(context, signatures[i]) < 0) return -1;
    context->flags = XMLSEC_DSIG_FLAGS_STORE_SIGNEDINFO_REFERENCES | XMLSEC_DSIG_FLAGS_IGNORE_MANIFESTS;
    context->enabledReferenceUris = xmlSecTransformUriTypeSameDocument;
    if (xmlSecPtrListAdd(&context->keyInfoReadCtx.enabledKeyData, (xmlSecPtr)xmlSecKeyDataNameId) < 0) return -1;
    context->signKey = xmlSecKeyDuplicate(key);
    return context->signKey == NULL ? -1 : 0;
}

/* The references are the expected ones, in their order, and digested the same bytes. */
static int same_parts(xmlSecDSigCtxPtr context, const nir_part *parts, size_t count) {
    if (xmlSecPtrListGetSize(&context->signedInfoReferences) != count) return 0;
    for (size_t i = 0; i < count; i++) {
        xmlSecDSigReferenceCtxPtr reference = xmlSecPtrListGetItem(&context->signedInfoReferences, (xmlSecSize)i);
        if (reference == NULL || reference->uri == NULL || reference->uri[0] != '#') return 0;
        if (!same(parts[i].id, reference->uri + 1)) return 0;
        xmlSecBufferPtr digested = xmlSecDSigReferenceCtxGetPreDigestBuffer(reference);
        if (digested == NULL || xmlSecBufferGetSize(digested) != parts[i].digested.length) return 0;
        if (memcmp(xmlSecBufferGetData(digested), parts[i].digested.data, parts[i].digested.length) != 0) return 0;
    }
    return 1;
}

static int agree(xmlSecKeyPtr key, xmlDocPtr document, nir_ids ids, const nir_part *parts, size_t part_count) {
    xmlNodePtr root = xmlDocGetRootElement(document);
    if (root == NULL || add_ids(document, root, &ids) != 0 || ids.at != ids.end) {
        because("other ids");
        return DISAGREES;
    }
    xmlNodePtr signature = signature_of(root);
    if (signature == NULL) {
        because("no Signature in its place");
        return DISAGREES;
    }
    xmlSecDSigCtxPtr context = xmlSecDSigCtxCreate(NULL);
    if (context == NULL) return FAILED;
    int result = FAILED;
    if (configure(context, key) == 0) {
        result = DISAGREES;
        if (xmlSecDSigCtxVerify(context, signature) < 0) because("the library cannot process it");
        else if (context->status != xmlSecDSigStatusSucceeded) because("not valid");
        else if (!same_parts(context, parts, part_count)) because("other bytes digested");
        else result = AGREES;
    }
    xmlSecDSigCtxDestroy(context);
    return result;
}

/* AGREES: valid, the same ids, the same references in order, the same bytes digested for each. DISAGREES: not.
 * FAILED: the library itself failed. `out` receives why, as a text. */
int nir_xmlsec_agree(void *key, const char *text, size_t length, const nir_bytes *ids, size_t id_count,
                     const nir_part *parts, size_t part_count, char *out, size_t out_size) {
    nir_handlers before = quiet();
    if (out_size > 0) out[0] = '\0';
    reason = out;
    reason_size = out_size;
    int result = DISAGREES;
    xmlDocPtr document = parse(text, length);
    if (document == NULL) {
        because("not well-formed");
    } else {
        nir_ids expected = {ids, ids + id_count};
        result = agree(key, document, expected, parts, part_count);
        xmlFreeDoc(document);
    }
    reason = NULL;
    reason_size = 0;
    restore(before);
    return result;
}

/* Whether a node lies in the subtree of the apex. */
static int inside(void *apex, xmlNodePtr node, xmlNodePtr parent) {
    xmlNodePtr at = node->type == XML_NAMESPACE_DECL ? parent : node;
    for (; at != NULL; at = at->parent)
        if (at == (xmlNodePtr)apex) return 1;
    return 0;
}

/* The n-th element in document order; counts down. */
static xmlNodePtr element(xmlNodePtr node, size_t *n) {
    for (; node != NULL; node = xmlNextElementSibling(node)) {
        if ((*n)-- == 0) return node;
        xmlNodePtr found = element(xmlFirstElementChild(node), n);
        if (found != NULL) return found;
    }
    return NULL;
}

/* Exclusive canonical form by libxml2 of the n-th element; the caller frees it. `prefixes` ends with NULL. Size of
 * it, or -1. For tests. */
int nir_xmlsec_canonical(const char *text, size_t length, size_t n, const char **prefixes, unsigned char **out) {
    nir_handlers before = quiet();
    int size = -1;
    xmlDocPtr document = parse(text, length);
    xmlNodePtr apex = document == NULL ? NULL : element(xmlDocGetRootElement(document), &n);
    xmlOutputBufferPtr buffer = apex == NULL ? NULL : xmlAllocOutputBuffer(NULL);
    if (buffer != NULL) {
        if (xmlC14NExecute(document, inside, apex, XML_C14N_EXCLUSIVE_1_0, (xmlChar **)prefixes, 0, buffer) >= 0) {
            size = (int)xmlOutputBufferGetSize(buffer);
            *out = xmlStrndup(xmlOutputBufferGetContent(buffer), size);
        }
        xmlOutputBufferClose(buffer);
    }
    if (document != NULL) xmlFreeDoc(document);
    restore(before);
    return size;
}

void nir_xmlsec_free(unsigned char *bytes) { xmlFree(bytes); }
