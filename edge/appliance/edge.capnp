# An edge in workerd: the configuration of the appliance, and of every edge that `npm start` and the tests run.
#
# What differs between branches is given at start:
#   --directory-path data=DIR          the edge's database (losing it is losing what was not replicated yet)
#   --directory-path credentials=DIR   holds identity.json; read only
#   --socket-addr http=HOST:PORT       loopback only; a TLS terminator stands in front
#   --external-addr centre=HOST:PORT   the one peer that can be reached; everything else is refused
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  # A small nursery: by default V8 lets garbage of a busy minute grow to 100 MB more. Two megabytes would cost
  # a twentieth more processor time, and eight would lift a busy edge above 200 MB.
  v8Flags = ["--max-semi-space-size=4"],
  services = [
    (name = "edge", worker = .edge),
    (name = "data", disk = (path = "data", writable = true, allowDotfiles = false)),
    (name = "credentials", disk = (path = "credentials", writable = false, allowDotfiles = false)),
    (name = "centre", external = (address = "127.0.0.1:8700", http = ())),
    (name = "nowhere", network = (allow = [])),
    # workerd adds the whole internet, and ends where a machine has no CA certificates for it, unless told otherwise.
    (name = "internet", network = (allow = [])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:8701", http = (), service = "edge")],
);

const edge :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "../../dist/edge/worker.js")],
  compatibilityDate = "2026-10-01",
  durableObjectNamespaces = [(className = "EdgeNode", uniqueKey = "holdfast-edge-node", enableSql = true, preventEviction = true)],
  durableObjectStorage = (localDisk = "data"),
  bindings = [
    (name = "NODE", durableObjectNamespace = "EdgeNode"),
    (name = "CREDENTIALS", service = "credentials"),
    (name = "CENTRE", service = "centre"),
    (name = "DATA", service = "data"),
  ],
  globalOutbound = "nowhere",
);
