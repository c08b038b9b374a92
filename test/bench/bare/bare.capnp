# The baseline: one Durable Object that inserts one row per request, behind the same output gate as an edge's.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "bare", worker = .bare),
    (name = "data", disk = (path = "data", writable = true, allowDotfiles = false)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:8700", http = (), service = "bare")],
);

const bare :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "2026-10-01",
  durableObjectNamespaces = [(className = "Bare", uniqueKey = "holdfast-bench-bare", enableSql = true, preventEviction = true)],
  durableObjectStorage = (localDisk = "data"),
  bindings = [(name = "BARE", durableObjectNamespace = "Bare")],
);
