# Runs the steps from standard input through a block and prints the report.
require "json"

# The protocol refused the call.
class Fault < StandardError
  attr_reader :code

  def initialize(code, message)
    super(message)
    @code = code
  end
end

# The block takes a method's name and its parameters by name, in the API's order.
def run_steps
  report = {}
  JSON.parse($stdin.set_encoding("UTF-8").read).each do |step|
    params = filled(step["params"], report)
    report[step["name"]] = yield step["method"], params
  rescue Fault => e
    report[step["name"]] = { fault: { code: e.code, message: e.message } }
  end
  puts JSON.generate(report)
end

# Parameters with the values of earlier steps in place of "$step.field".
def filled(value, report)
  return value.transform_values { |inner| filled(inner, report) } if value.is_a?(Hash)
  return value unless value.is_a?(String) && value.start_with?("$")

  step, field = value.delete_prefix("$").split(".")
  report[step]["items"][0][field]
end

# What both SOAP libraries do with a list: a hash with its records, or with its only one; or none.
def records(list)
  inner = list.is_a?(Hash) ? list.values.first : []
  inner = [inner] unless inner.is_a?(Array)
  inner.map { |record| record["tasks"] ? record.merge("tasks" => records(record["tasks"])) : record }
end
