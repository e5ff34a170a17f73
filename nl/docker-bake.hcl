variable "VERSION" { default = "" }
target "a" { platforms=["linux/amd64"] }
image "a" {
 repositories=["r.io/x/a"]
 version=VERSION
}
