variable "VERSION" {
  default = "2.7.0"
}

variable "REGISTRY" {
  default = "ghcr.io/acme"
}

group "default" {
  targets = ["base", "api", "worker", "migrate", "web", "proxy", "lint", "docs"]
}

target "_common" {
  args      = { VERSION = VERSION }
  platforms = ["linux/amd64", "linux/arm64"]
}

# What the services start from; published, too.
target "base" {
  inherits  = ["_common"]
  context   = "base"
  platforms = ["linux/amd64", "linux/arm64", "linux/s390x"]
}

target "api" {
  inherits = ["_common"]
  context  = "api"
  contexts = { base = "target:base" }
}

# No runner is an s390x: there, this is built under QEMU.
target "worker" {
  inherits  = ["_common"]
  context   = "worker"
  contexts  = { base = "target:base" }
  platforms = ["linux/amd64", "linux/arm64", "linux/s390x"]
}

target "migrate" {
  inherits  = ["_common"]
  context   = "migrate"
  contexts  = { base = "target:base" }
  platforms = ["linux/amd64"]
  secret    = ["type=env,id=database,env=DATABASE_URL"]
}

# Files that are the same on every platform, made once on the machine that builds.
target "assets" {
  context = "assets"
}

target "web" {
  inherits   = ["_common"]
  context    = "web"
  contexts   = { assets = "target:assets" }
  cache-from = ["type=gha,scope=web"]
  cache-to   = ["type=gha,scope=web,mode=max"]
}

target "proxy" {
  inherits = ["_common"]
  context  = "proxy"
}

# Not published: no image block names them.
target "lint" {
  context = "docs"
  target  = "lint"
  output  = ["type=cacheonly"]
}

target "docs" {
  context = "docs"
  target  = "docs"
  output  = ["type=local,dest=site"]
}
