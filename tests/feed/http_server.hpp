// A scripted HTTP server on 127.0.0.1 for tests: plays one answer per connection, byte for byte, and keeps
// what it was asked. Plain sockets; TLS with certificates made on the spot.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace greenq::test {

struct Answer {
  enum class After { kClose, kReset, kHang };
  std::string bytes;
  After after = After::kClose;
  std::chrono::milliseconds drip{0};  // pause between single bytes
};

inline Answer reply(int status, std::string const& body, std::string const& type = "application/json",
                    std::string const& headers = "") {
  return {"HTTP/1.1 " + std::to_string(status) + " Said\r\nContent-Type: " + type + "\r\n" + headers +
          "Content-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + body};
}

// A certificate that signs itself, for 127.0.0.1. `expired`: its time is over.
struct Certificate {
  std::string key_pem;
  std::string cert_pem;
};

inline Certificate make_certificate(bool expired, std::string const& name = "IP:127.0.0.1") {
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> const key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
  std::unique_ptr<X509, decltype(&X509_free)> const cert(X509_new(), &X509_free);
  X509_set_version(cert.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(cert.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(cert.get()), -7200);
  X509_gmtime_adj(X509_getm_notAfter(cert.get()), expired ? -3600 : 3600);
  X509_set_pubkey(cert.get(), key.get());
  X509_NAME* subject = X509_get_subject_name(cert.get());
  unsigned char const common[] = "greenq test";
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, common, -1, -1, 0);
  X509_set_issuer_name(cert.get(), subject);
  X509_EXTENSION* names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, name.c_str());
  X509_add_ext(cert.get(), names, -1);
  X509_EXTENSION_free(names);
  X509_sign(cert.get(), key.get(), EVP_sha256());
  auto const text_of = [](BIO* bio) {
    char* data = nullptr;
    auto const size = BIO_get_mem_data(bio, &data);
    std::string text(data, static_cast<std::size_t>(size));
    BIO_free(bio);
    return text;
  };
  BIO* key_bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(key_bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  BIO* cert_bio = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(cert_bio, cert.get());
  return {text_of(key_bio), text_of(cert_bio)};
}

class HttpServer {
 public:
  // What to say to the header of a request.
  using Script = std::function<Answer(std::string const& request)>;

  // The last answer repeats. With a certificate the server speaks TLS.
  explicit HttpServer(std::vector<Answer> script, Certificate const* certificate = nullptr)
      : HttpServer([script = std::move(script), turn = std::size_t{0}](
                       std::string const&) mutable { return script[std::min(turn++, script.size() - 1)]; },
                   certificate) {}
  // With `welcome` it is a proxy: it answers CONNECT with those bytes, and plays the server behind it if they
  // begin with a 200.
  explicit HttpServer(Script script, Certificate const* certificate = nullptr, std::string welcome = "")
      : script_(std::move(script)), welcome_(std::move(welcome)) {
    if (certificate != nullptr) use(*certificate);
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* raw = reinterpret_cast<sockaddr*>(&address);
    if (listener_ < 0 || ::bind(listener_, raw, size) != 0 || ::listen(listener_, 16) != 0 ||
        ::getsockname(listener_, raw, &size) != 0) {
      throw std::runtime_error("the test server cannot listen");
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~HttpServer() {
    stopping_ = true;
    thread_.join();
    ::close(listener_);
    SSL_CTX_free(tls_);
  }
  HttpServer(HttpServer const&) = delete;
  HttpServer& operator=(HttpServer const&) = delete;

  std::string url(std::string const& path = "") const {
    bool const tls = tls_ != nullptr && welcome_.empty();
    return (tls ? "https" : "http") + std::string("://127.0.0.1:") + std::to_string(port_) + path;
  }
  int port() const { return port_; }
  std::vector<std::string> requests() const {
    std::lock_guard const lock(mutex_);
    return requests_;
  }

 private:
  void use(Certificate const& certificate) {
    tls_ = SSL_CTX_new(TLS_server_method());
    BIO* key_bio = BIO_new_mem_buf(certificate.key_pem.data(), static_cast<int>(certificate.key_pem.size()));
    EVP_PKEY* key = PEM_read_bio_PrivateKey(key_bio, nullptr, nullptr, nullptr);
    BIO* cert_bio =
        BIO_new_mem_buf(certificate.cert_pem.data(), static_cast<int>(certificate.cert_pem.size()));
    X509* cert = PEM_read_bio_X509(cert_bio, nullptr, nullptr, nullptr);
    SSL_CTX_use_certificate(tls_, cert);
    SSL_CTX_use_PrivateKey(tls_, key);
    EVP_PKEY_free(key);
    X509_free(cert);
    BIO_free(key_bio);
    BIO_free(cert_bio);
  }

  bool readable(int fd) const {
    while (!stopping_) {
      pollfd entry{fd, POLLIN, 0};
      if (::poll(&entry, 1, 20) > 0) return true;
    }
    return false;
  }

  void serve() {
    while (readable(listener_)) {
      int const fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) continue;
      SSL* tls = nullptr;
      bool greeted =
          welcome_.empty() || (listen_to(fd, nullptr) && put(fd, nullptr, welcome_.data(), welcome_.size()));
      greeted = greeted && (welcome_.empty() || welcome_.find(" 200 ") != std::string::npos);
      if (greeted && tls_ != nullptr) {
        tls = SSL_new(tls_);
        SSL_set_fd(tls, fd);
        greeted = SSL_accept(tls) == 1;
      }
      if (greeted && listen_to(fd, tls)) say(fd, tls, script_(requests().back()));
      if (tls != nullptr) SSL_free(tls);
      ERR_clear_error();
      ::close(fd);
    }
  }

  bool listen_to(int fd, SSL* tls) {
    std::string text;
    while (text.find("\r\n\r\n") == std::string::npos) {
      char part[2048];
      if ((tls == nullptr || SSL_pending(tls) == 0) && !readable(fd)) return false;
      auto const size = tls != nullptr ? SSL_read(tls, part, sizeof part) : ::recv(fd, part, sizeof part, 0);
      if (size <= 0) return false;
      text.append(part, static_cast<std::size_t>(size));
    }
    std::lock_guard const lock(mutex_);
    requests_.push_back(text);
    return true;
  }

  static bool put(int fd, SSL* tls, char const* data, std::size_t size) {
    while (size > 0) {
      auto const sent = tls != nullptr
                            ? SSL_write(tls, data, static_cast<int>(std::min<std::size_t>(size, 16384)))
                            : ::send(fd, data, size, MSG_NOSIGNAL);
      if (sent <= 0) return false;
      data += sent;
      size -= static_cast<std::size_t>(sent);
    }
    return true;
  }

  void say(int fd, SSL* tls, Answer const& answer) {
    if (answer.drip.count() > 0) {
      for (std::size_t i = 0; i < answer.bytes.size() && !stopping_; ++i) {
        if (!put(fd, tls, answer.bytes.data() + i, 1)) return;
        std::this_thread::sleep_for(answer.drip);
      }
    } else if (!put(fd, tls, answer.bytes.data(), answer.bytes.size())) {
      return;
    }
    switch (answer.after) {
      case Answer::After::kClose:
        if (tls != nullptr) SSL_shutdown(tls);
        ::shutdown(fd, SHUT_WR);
        break;
      case Answer::After::kReset: {
        linger const hard{1, 0};
        ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
        break;
      }
      case Answer::After::kHang:
        readable(fd);  // until the client leaves
        break;
    }
  }

  Script script_;
  std::string welcome_;
  SSL_CTX* tls_ = nullptr;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::thread thread_;
};

}  // namespace greenq::test
