"""A web server that has files to be downloaded, and a proxy that is asked for
them."""

import http.server
import threading


class WebServer(http.server.ThreadingHTTPServer):
    """files: what there is, by path, or by URL for a proxy; everything else is
    404. cut: paths whose answer breaks off in the middle. asked: what clients
    wanted, in order."""

    daemon_threads = True
    block_on_close = False

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.files, self.cut, self.asked = {}, set(), []
        threading.Thread(target=self.serve_forever, args=(0.05,),
                         daemon=True).start()

    def close(self):
        self.shutdown()
        self.server_close()


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        content = self.server.files.get(self.path)
        if content is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.path in self.server.cut:
            content = content[:len(content) // 2]
        self.wfile.write(content)

    def log_message(self, *_):
        pass
