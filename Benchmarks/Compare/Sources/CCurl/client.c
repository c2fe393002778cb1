// The client: a handle of libcurl for each connection, an epoll for their sockets, a queue for what has no handle yet.

#define _GNU_SOURCE
#include "http_calls.h"

#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include <curl/curl.h>

enum { URL_BYTES_MAX = 512, EVENTS_MAX = 64 };

typedef struct request {
    uint64_t id;
    char url[URL_BYTES_MAX];
    struct curl_slist *headers;
    size_t size;
    struct request *next;
    uint8_t body[];
} request;

/// A request at a time, and its answer.
typedef struct lane {
    CURL *handle;
    request *request;
    uint8_t *bytes;
    size_t size;
    size_t capacity;
    CURLcode error;
    struct lane *next;
} lane;

struct compare_http_client {
    CURLM *multi;
    int epoll;
    uint16_t port;
    uint32_t count;
    lane *lanes;
    lane *free;
    /// Answered and not given, oldest first; the one that was given last.
    lane *answered;
    lane *answered_last;
    lane *given;
    /// Without a lane yet, oldest first.
    request *queued;
    request *queued_last;
    /// Begun and not answered.
    uint32_t in_flight;
    /// When libcurl wants to be called, in ns of CLOCK_MONOTONIC; negative: not before something comes.
    int64_t due_ns;
};

static int64_t now_ns(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

const char *compare_http_version(void) { return curl_version_info(CURLVERSION_NOW)->version; }

// MARK: libcurl's callbacks

static int watch(CURL *handle, curl_socket_t socket, int what, void *context, void *known) {
    (void)handle;
    compare_http_client *client = context;
    if (what == CURL_POLL_REMOVE) {
        epoll_ctl(client->epoll, EPOLL_CTL_DEL, socket, NULL);
        return 0;
    }
    struct epoll_event event = {.data.fd = socket};
    event.events = (what & CURL_POLL_IN ? EPOLLIN : 0) | (what & CURL_POLL_OUT ? EPOLLOUT : 0);
    epoll_ctl(client->epoll, known == NULL ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, socket, &event);
    // Any pointer says that the socket is known.
    curl_multi_assign(client->multi, socket, client);
    return 0;
}

static int set_timer(CURLM *multi, long ms, void *context) {
    (void)multi;
    compare_http_client *client = context;
    client->due_ns = ms < 0 ? -1 : now_ns() + ms * 1000000;
    return 0;
}

static size_t take_bytes(char *bytes, size_t one, size_t count, void *context) {
    lane *lane = context;
    size_t size = one * count;
    if (lane->size + size > lane->capacity) {
        size_t capacity = 2 * (lane->size + size);
        uint8_t *grown = realloc(lane->bytes, capacity);
        if (grown == NULL) {
            return 0;
        }
        lane->bytes = grown;
        lane->capacity = capacity;
    }
    memcpy(lane->bytes + lane->size, bytes, size);
    lane->size += size;
    return size;
}

// MARK: Opening and closing

static bool open_lane(compare_http_client *client, lane *lane, int64_t timeout_ms) {
    lane->handle = curl_easy_init();
    if (lane->handle == NULL) {
        return false;
    }
    curl_easy_setopt(lane->handle, CURLOPT_PRIVATE, lane);
    curl_easy_setopt(lane->handle, CURLOPT_WRITEFUNCTION, take_bytes);
    curl_easy_setopt(lane->handle, CURLOPT_WRITEDATA, lane);
    curl_easy_setopt(lane->handle, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(lane->handle, CURLOPT_POST, 1L);
    curl_easy_setopt(lane->handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(lane->handle, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(lane->handle, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    lane->next = client->free;
    client->free = lane;
    client->count += 1;
    return true;
}

compare_http_client *compare_http_open(uint16_t port, uint32_t connections, int64_t timeout_ms) {
    compare_http_client *client = calloc(1, sizeof *client);
    if (client == NULL) {
        return NULL;
    }
    client->port = port;
    client->due_ns = -1;
    client->epoll = epoll_create1(EPOLL_CLOEXEC);
    client->multi = curl_multi_init();
    client->lanes = calloc(connections, sizeof *client->lanes);
    bool is_open = client->epoll >= 0 && client->multi != NULL && client->lanes != NULL;
    if (is_open) {
        curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, watch);
        curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
        curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, set_timer);
        curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
        curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)connections);
    }
    for (uint32_t index = 0; is_open && index < connections; index += 1) {
        is_open = open_lane(client, &client->lanes[index], timeout_ms);
    }
    if (!is_open) {
        compare_http_close(client);
        return NULL;
    }
    return client;
}

static void free_request(request *request) {
    if (request != NULL) {
        curl_slist_free_all(request->headers);
        free(request);
    }
}

void compare_http_close(compare_http_client *client) {
    for (uint32_t index = 0; index < client->count; index += 1) {
        lane *lane = &client->lanes[index];
        curl_multi_remove_handle(client->multi, lane->handle);
        curl_easy_cleanup(lane->handle);
        free_request(lane->request);
        free(lane->bytes);
    }
    while (client->queued != NULL) {
        request *next = client->queued->next;
        free_request(client->queued);
        client->queued = next;
    }
    if (client->multi != NULL) {
        curl_multi_cleanup(client->multi);
    }
    if (client->epoll >= 0) {
        close(client->epoll);
    }
    free(client->lanes);
    free(client);
}

// MARK: Requests and answers

int compare_http_send(compare_http_client *client, uint64_t id, const char *path, const char *header, const uint8_t *body,
                      size_t size) {
    request *request = malloc(sizeof *request + size);
    if (request == NULL) {
        return -1;
    }
    request->id = id;
    request->size = size;
    request->next = NULL;
    snprintf(request->url, sizeof request->url, "http://127.0.0.1:%u%s", client->port, path);
    memcpy(request->body, body, size);
    request->headers = curl_slist_append(NULL, "Content-Type: application/octet-stream");
    if (header != NULL) {
        request->headers = curl_slist_append(request->headers, header);
    }
    if (client->queued == NULL) {
        client->queued = request;
    } else {
        client->queued_last->next = request;
    }
    client->queued_last = request;
    return 0;
}

/// The lane whose answer was given last is free again, and free ones take what is queued.
static void begin_queued(compare_http_client *client) {
    if (client->given != NULL) {
        free_request(client->given->request);
        client->given->request = NULL;
        client->given->next = client->free;
        client->free = client->given;
        client->given = NULL;
    }
    while (client->queued != NULL && client->free != NULL) {
        lane *lane = client->free;
        client->free = lane->next;
        lane->request = client->queued;
        client->queued = lane->request->next;
        lane->size = 0;
        lane->next = NULL;
        curl_easy_setopt(lane->handle, CURLOPT_URL, lane->request->url);
        curl_easy_setopt(lane->handle, CURLOPT_HTTPHEADER, lane->request->headers);
        curl_easy_setopt(lane->handle, CURLOPT_POSTFIELDS, lane->request->body);
        curl_easy_setopt(lane->handle, CURLOPT_POSTFIELDSIZE, (long)lane->request->size);
        // It arms the timer, at once.
        curl_multi_add_handle(client->multi, lane->handle);
        client->in_flight += 1;
    }
}

static void gather_answered(compare_http_client *client) {
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(client->multi, &left)) != NULL) {
        if (message->msg != CURLMSG_DONE) {
            continue;
        }
        CURLcode error = message->data.result;
        lane *lane = NULL;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&lane);
        curl_multi_remove_handle(client->multi, lane->handle);
        lane->error = error;
        client->in_flight -= 1;
        if (client->answered == NULL) {
            client->answered = lane;
        } else {
            client->answered_last->next = lane;
        }
        client->answered_last = lane;
    }
}

/// Lets libcurl work once: on sockets that are ready within a time, and on what is due.
static void work(compare_http_client *client, int64_t wait_ns) {
    int running;
    if (client->due_ns >= 0 && client->due_ns <= now_ns()) {
        client->due_ns = -1;
        curl_multi_socket_action(client->multi, CURL_SOCKET_TIMEOUT, 0, &running);
        wait_ns = 0;
    } else if (client->due_ns >= 0) {
        int64_t left_ns = client->due_ns - now_ns();
        wait_ns = wait_ns < 0 || wait_ns > left_ns ? left_ns : wait_ns;
    }
    if (wait_ns != 0) {
        struct timespec time = {.tv_sec = wait_ns / 1000000000, .tv_nsec = wait_ns % 1000000000};
        struct pollfd entry = {.fd = client->epoll, .events = POLLIN};
        ppoll(&entry, 1, wait_ns < 0 ? NULL : &time, NULL);
    }
    struct epoll_event events[EVENTS_MAX];
    int count = epoll_wait(client->epoll, events, EVENTS_MAX, 0);
    for (int index = 0; index < count; index += 1) {
        uint32_t event = events[index].events;
        int flags = (event & EPOLLIN ? CURL_CSELECT_IN : 0) | (event & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                    (event & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
        curl_multi_socket_action(client->multi, events[index].data.fd, flags, &running);
    }
    gather_answered(client);
}

int compare_http_receive(compare_http_client *client, int64_t ns, compare_http_reply *reply) {
    begin_queued(client);
    int64_t end_ns = ns > 0 ? now_ns() + ns : 0;
    // To look where nothing is due would be a system call for nothing.
    if (client->answered == NULL && ns == 0 && client->in_flight > 0) {
        work(client, 0);
    }
    while (client->answered == NULL && ns != 0) {
        int64_t left_ns = ns < 0 ? -1 : end_ns - now_ns();
        if (ns > 0 && left_ns <= 0) {
            break;
        }
        work(client, left_ns);
    }
    lane *lane = client->answered;
    if (lane == NULL) {
        return 0;
    }
    client->answered = lane->next;
    lane->next = NULL;
    client->given = lane;
    *reply = (compare_http_reply){.id = lane->request->id, .bytes = lane->bytes, .size = lane->size};
    if (lane->error == CURLE_OK) {
        curl_easy_getinfo(lane->handle, CURLINFO_RESPONSE_CODE, &reply->status);
    } else {
        reply->error = curl_easy_strerror(lane->error);
    }
    return 1;
}
