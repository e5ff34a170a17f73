target "app" {
  platforms = ["linux/amd64"]
}

image "app" {
  repositories = [["ghcr.io/acme/app"]]
  version      = ["1.2.3"]
  jobs         = "all"
  on_missing   = "ignore"
  annotations  = ["a=b"]

  runners = {
    "linux/arm64" = []
    "arm/"        = "arm"
    default       = { grp = "large" }
  }

  platform "linux" {
    runner = 5
    skip   = "perhaps"
    args   = []
  }

  platform "nonsense/" {}
}
