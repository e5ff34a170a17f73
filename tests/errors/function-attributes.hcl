# bakeplan print
function "f" {
  params  = [a]
  results = a
}
function "g" {
  param  = [a]
  result = a
}
function "h" {
  params         = []
  variadic_param = rest
  result         = rest
}
function "i" {
  params = []
  result = 1
  when   = true
}
