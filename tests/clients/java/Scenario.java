import com.google.gson.ExclusionStrategy;
import com.google.gson.FieldAttributes;
import com.google.gson.FieldNamingStrategy;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.ToNumberPolicy;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Map;
import java.util.function.Function;

/**
 * Runs the steps from standard input through a generated proxy and prints the report.
 *
 * <p>All values go through the classes that the toolkit generated from the WSDL: Gson only fills
 * them from the steps and reads them for the report.
 */
class Scenario {
    /** A fault as the toolkit throws it. */
    record Fault(String code, String message) {}

    private final Gson gson;
    private final JsonObject report = new JsonObject();
    private final Object port;
    private final Class<?> contract;
    private final Function<Throwable, Fault> faults;

    /**
     * @param contract the generated interface, with one method for each of the API
     * @param names of the fields of generated classes in the contract
     * @param faults what the toolkit throws, as a fault; null if it is something else
     */
    Scenario(
        Object port,
        Class<?> contract,
        FieldNamingStrategy names,
        Function<Throwable, Fault> faults
    ) {
        this.gson = new GsonBuilder()
            .serializeNulls()
            .setObjectToNumberStrategy(ToNumberPolicy.LONG_OR_DOUBLE)
            .setExclusionStrategies(new Bookkeeping())
            .setFieldNamingStrategy(names)
            .create();
        this.port = port;
        this.contract = contract;
        this.faults = faults;
    }

    void run() throws Exception {
        var input = new InputStreamReader(System.in, StandardCharsets.UTF_8);
        for (JsonElement element : JsonParser.parseReader(input).getAsJsonArray()) {
            JsonObject step = element.getAsJsonObject();
            report.add(step.get("name").getAsString(), call(step));
        }
        new PrintStream(System.out, true, StandardCharsets.UTF_8).println(gson.toJson(report));
    }

    private JsonElement call(JsonObject step) throws Exception {
        Method method = methodOf(step.get("method").getAsString());
        JsonObject params = filled(step.get("params")).getAsJsonObject();
        try {
            Object found = step.get("name").getAsString().equals("fault")
                ? refused(method, params.get("apiKey").getAsString())
                : method.invoke(port, arguments(method, params));
            JsonElement answer = plain(gson.toJsonTree(found));
            // The rpc/encoded contract says array, as Kimai's did; Axis makes one of the map.
            return answer.isJsonArray() ? answer.getAsJsonArray().get(0) : answer;
        } catch (InvocationTargetException error) {
            Fault fault = faults.apply(error.getCause());
            if (fault == null) {
                throw error;
            }
            JsonObject answer = new JsonObject();
            answer.add("fault", gson.toJsonTree(fault));
            return answer;
        }
    }

    /** The call that gets a fault. Java can't send a word as a number, so it has no API key. */
    Object refused(Method method, String key) throws Exception {
        return method.invoke(port, null, 0);
    }

    private Method methodOf(String name) {
        return Arrays.stream(contract.getMethods())
            .filter(method -> method.getName().equals(name))
            .findFirst().orElseThrow(() -> new AssertionError("no method " + name));
    }

    /** The parameters are in order and without gaps; the rest is what Java has for nothing. */
    private Object[] arguments(Method method, JsonObject params) {
        Class<?>[] types = method.getParameterTypes();
        Object[] arguments = new Object[types.length];
        Iterator<JsonElement> given = params.asMap().values().iterator();
        for (int place = 0; place < types.length; place++) {
            JsonElement value = given.hasNext() ? given.next() : null;
            arguments[place] = value == null && types[place].isPrimitive()
                ? gson.fromJson(types[place] == boolean.class ? "false" : "0", types[place])
                : gson.fromJson(types[place].isArray() ? wrapped(value) : value, types[place]);
        }
        return arguments;
    }

    /** The rpc/encoded contract says array for a record too, as Kimai's did: one that holds a map. */
    private static JsonArray wrapped(JsonElement record) {
        JsonArray array = new JsonArray();
        array.add(record);
        return array;
    }

    private static String text(JsonElement value) {
        return value.isJsonPrimitive() ? value.getAsString() : "";
    }

    /** Parameters with the values of earlier steps in place of {@code $step.field}. */
    private JsonElement filled(JsonElement value) {
        if (value.isJsonObject()) {
            JsonObject record = new JsonObject();
            value.getAsJsonObject().asMap().forEach((name, member) -> record.add(name, filled(member)));
            return record;
        }
        if (!text(value).startsWith("$")) {
            return value;
        }
        String[] path = text(value).substring(1).split("\\.");
        JsonElement items = report.getAsJsonObject(path[0]).get("items");
        if (items == null || !items.isJsonArray() || items.getAsJsonArray().isEmpty()) {
            throw new AssertionError(path[0] + " was answered by " + report.get(path[0]));
        }
        return items.getAsJsonArray().get(0).getAsJsonObject().get(path[1]);
    }

    /** An answer with plain lists; JAX-WS has them inside the element that wraps them. */
    private static JsonElement plain(JsonElement value) {
        if (value.isJsonArray()) {
            JsonArray list = new JsonArray();
            value.getAsJsonArray().forEach(item -> list.add(plain(item)));
            return list;
        }
        if (!value.isJsonObject()) {
            return value;
        }
        JsonObject record = new JsonObject();
        for (Map.Entry<String, JsonElement> member : value.getAsJsonObject().entrySet()) {
            JsonElement inner = member.getValue();
            boolean wraps = member.getKey().equals("items") || member.getKey().equals("tasks");
            if (wraps && inner.isJsonObject()) {
                inner = inner.getAsJsonObject().asMap().values().iterator().next();
                inner = inner.isJsonNull() ? new JsonArray() : inner;
            }
            record.add(member.getKey(), plain(inner));
        }
        return record;
    }

    /** Axis's beans have fields of their own. */
    private static final class Bookkeeping implements ExclusionStrategy {
        @Override
        public boolean shouldSkipField(FieldAttributes field) {
            return field.getName().startsWith("__");
        }

        @Override
        public boolean shouldSkipClass(Class<?> type) {
            return false;
        }
    }
}
