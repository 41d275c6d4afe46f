# Stands in for the gem savon, which Debian doesn't have: the part of its interface that the tests and
# the page about Ruby use. It sends the envelope and headers that savon 2 is known to send. The libraries
# are savon's own: Gyoku writes the call, Nori reads the response. Nobody has compared it with savon.
require "builder"
require "gyoku"
require "net/http"
require "nokogiri"
require "nori"

module Savon
  NAMESPACES = {
    "xmlns:xsd" => "http://www.w3.org/2001/XMLSchema",
    "xmlns:xsi" => "http://www.w3.org/2001/XMLSchema-instance",
    "xmlns:env" => "http://schemas.xmlsoap.org/soap/envelope/",
  }.freeze
  WSDL = { "w" => "http://schemas.xmlsoap.org/wsdl/",
           "s" => "http://schemas.xmlsoap.org/wsdl/soap/",
           "xs" => NAMESPACES["xmlns:xsd"] }.freeze

  SNAKE_CASE = lambda do |name|
    name.gsub(/([A-Z]+)([A-Z][a-z])/, '\1_\2').gsub(/([a-z\d])([A-Z])/, '\1_\2').downcase.to_sym
  end

  class SOAPFault < StandardError
    attr_reader :to_hash

    def initialize(body, code, text)
      @to_hash = body
      super("(#{code}) #{text}")
    end
  end

  Response = Struct.new(:body)

  # @param convert_response_tags_to makes keys of a response from names of elements.
  def self.client(wsdl:, convert_response_tags_to: SNAKE_CASE)
    Client.new(Net::HTTP.get(URI(wsdl)), convert_response_tags_to)
  end

  class Client
    def initialize(wsdl, key)
      @key = key
      @wsdl = Nokogiri::XML(wsdl)
      @endpoint = URI(@wsdl.at_xpath("//s:address/@location", WSDL).value)
      @qualified = @wsdl.at_xpath("//xs:schema/@elementFormDefault", WSDL)&.value == "qualified"
    end

    # Names of operations in snake case, by which they are called.
    def operations
      @operations ||= @wsdl.xpath("//w:binding/w:operation", WSDL).to_h do |operation|
        [SNAKE_CASE[operation["name"]], operation]
      end
    end

    def call(name, message: {})
      operation = operations.fetch(name)
      input = @wsdl.at_xpath("//w:message[@name='#{operation["name"]}']/w:part/@element", WSDL)
      prefix, tag = input.value.split(":")
      action = operation.at_xpath("s:operation/@soapAction", WSDL).value
      response = Net::HTTP.post(@endpoint, envelope(prefix, tag, message),
                                "Content-Type" => "text/xml;charset=UTF-8", "SOAPAction" => %("#{action}"))
      parser = Nori.new(strip_namespaces: true, convert_tags_to: @key)
      body = parser.find(parser.parse(response.body), "Envelope", "Body")
      fault = parser.find(body, "Fault")
      return Response.new(body) unless fault

      raise SOAPFault.new(body, *%w[faultcode faultstring].map { |name| parser.find(fault, name) })
    end

    private

    def envelope(prefix, tag, message)
      namespaces = NAMESPACES.merge("xmlns:#{prefix}" => @wsdl.root["targetNamespace"])
      call = Gyoku.xml(message, element_form_default: @qualified ? :qualified : :unqualified,
                                namespace: prefix, key_converter: :lower_camelcase)
      xml = Builder::XmlMarkup.new
      xml.instruct!(:xml, encoding: "UTF-8")
      xml.env(:Envelope, namespaces) { xml.env(:Body) { xml.tag!("#{prefix}:#{tag}") { xml << call } } }
    end
  end
end
