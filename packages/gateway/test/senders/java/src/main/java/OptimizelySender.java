import com.optimizely.ab.Optimizely;
import com.optimizely.ab.OptimizelyUserContext;
import com.optimizely.ab.event.BatchEventProcessor;
import com.optimizely.ab.event.EventHandler;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Runs Optimizely's SDK: each request that it makes goes, as the same bytes, to every URL given: DATAFILE COUNT URL... */
final class OptimizelySender {
  public static void main(String[] arguments) throws Exception {
    String datafile = Files.readString(Path.of(arguments[0]));
    int count = Integer.parseInt(arguments[1]);
    List<String> urls = Arrays.asList(arguments).subList(2, arguments.length);
    HttpClient http = HttpClient.newHttpClient();
    EventHandler toEach = logEvent -> {
      for (String url : urls) {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(logEvent.getBody()))
            .build();
        int status = http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
        if (status / 100 != 2) throw new IllegalStateException(url + " answered " + status);
      }
    };
    BatchEventProcessor processor = BatchEventProcessor.builder()
        .withEventHandler(toEach).withBatchSize(100).withFlushInterval(60_000L).withTimeout(60, TimeUnit.SECONDS).build();
    Optimizely client = Optimizely.builder().withDatafile(datafile).withEventProcessor(processor).build();
    for (int n = 0; n < count / 2; n++) {
      OptimizelyUserContext user = client.createUserContext("java-" + n + " é", Map.of("plan", "gold", "age", n));
      user.decide(n % 5 == 0 ? "nothing_decided" : "checkout_flow");
      user.trackEvent("purchase", Map.of("revenue", 4200 + n, "value", 1.5, "sku", "ä", "big", (1L << 60) + n));
    }
    client.close();
  }
}
