# TAG=1 bakeplan print
function "f" {
  params = [part]
  result = "${part}-${TAG}"
}
function "g" {
  params = [part]
  result = pert
}
