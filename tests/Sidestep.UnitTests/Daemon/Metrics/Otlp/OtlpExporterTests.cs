using System.Diagnostics;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Http;
using Sidestep.Api.Status;
using Sidestep.Daemon.Metrics.Otlp;
using Sidestep.Model;
using Sidestep.Testing;
using Sidestep.UnitTests.Control;
using Sidestep.UnitTests.Daemon.Api;
using Sidestep.UnitTests.Hosting;

namespace Sidestep.UnitTests.Daemon.Metrics.Otlp;

public sealed class OtlpExporterTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly TestAuthority _authority = new("authority");
    private readonly ManualTime _time = new();
    private readonly TestLog _log = new();
    private readonly OtlpExporter _exporter;
    private OtlpSettings? _settings;
    private DirectorStatus _status = Cli.TestDirector.Full;
    private (OtlpStatus? State, string? Problem) _reported;

    public OtlpExporterTests() => _exporter = new OtlpExporter(() => _settings, () => _status,
        new OtlpResource("edge1", "host1", "0.1.0"), (state, problem) => _reported = (state, problem),
        TestSupervisor.Create(), _log.Log, _time);

    [Theory]
    [InlineData(OtlpProtocol.HttpProtobuf)]
    [InlineData(OtlpProtocol.Grpc)]
    public async Task Every_series_of_metrics_arrives_at_each_interval(OtlpProtocol protocol)
    {
        await using var receiver = await StartAsync(protocol);
        await UpdateAsync();
        var expected = await Exposition.OfAsync(_status);
        var request = Assert.Single(receiver.Requests);
        Assert.Equal(expected.Series, OtlpMessage.Series(request.Message).ToDictionary());
        Assert.Equal(new Dictionary<string, string>
        {
            ["service.name"] = "sidestepd",
            ["service.instance.id"] = "edge1@host1",
            ["service.version"] = "0.1.0",
            ["host.name"] = "host1",
        }, OtlpMessage.Resource(request.Message));
        var units = OtlpMessage.Units(request.Message);
        Assert.Equal(("s", "By", ""), (units["sidestep_removal_seconds"], units["sidestep_service_bytes_total"],
            units["sidestep_degraded"]));
        Assert.All(OtlpMessage.PointTimes(request.Message), t => Assert.Equal(_time.GetUtcNow(), t));

        _time.Advance(OtlpSettings.DefaultInterval - TimeSpan.FromMilliseconds(1));
        await UpdateAsync();
        Assert.Single(receiver.Requests);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        await UpdateAsync();
        Assert.Equal(2, receiver.Requests.Count);
        Assert.Equal((new OtlpStatus(receiver.Url, 2, 0, _time.GetUtcNow()), null), _reported);
        Assert.Equal([$"info: metrics are exported to {receiver.Url}"], _log.Lines);
    }

    [Fact]
    public async Task Servers_have_no_series_without_per_server()
    {
        await using var receiver = await StartAsync(OtlpProtocol.HttpProtobuf);
        _settings = _settings! with { PerServer = false };
        await UpdateAsync();
        Assert.Equal((await Exposition.OfAsync(_status, perServer: false)).Series,
            OtlpMessage.Series(Assert.Single(receiver.Requests).Message).ToDictionary());
    }

    /// <summary>4 MiB is what receivers of gRPC accept by default.</summary>
    [Fact]
    public async Task Ten_thousand_servers_arrive_in_requests_of_less_than_4_MiB()
    {
        string tail = new('x', Limits.NameLength - 6);
        _status = _status with
        {
            Pools = [.. _status.Pools.Select(p => p with
            {
                Name = "pool-x" + tail,
                Service = "servic" + tail,
                Servers = [.. Enumerable.Range(0, 5000).Select(i => p.Servers[0] with { Name = $"s{i:00000}{tail}" })],
            })],
        };
        await using var receiver = await StartAsync(OtlpProtocol.Grpc);
        await UpdateAsync();
        Assert.Null(_reported.Problem);
        Assert.All(receiver.Requests, static r => Assert.InRange(r.Message.Length, 1, 4 << 20));
        var series = receiver.Requests.SelectMany(static r => OtlpMessage.Series(r.Message)).ToHashSet();
        Assert.InRange(series.Count, 60_000, int.MaxValue);
        Assert.True(series.SetEquals((await Exposition.OfAsync(_status)).Series));
    }

    [Fact]
    public async Task Unreachable_collector_is_logged_once_counted_and_tried_again_at_most_at_the_interval()
    {
        _settings = new OtlpSettings { Endpoint = "http://127.0.0.1:1", Interval = TimeSpan.FromSeconds(10) };
        var attempts = new List<double>();
        for (int tick = 0; tick < 200; tick++)
        {
            long before = _reported.State?.Failures ?? 0;
            await UpdateAsync();
            if (_reported.State!.Failures > before)
                attempts.Add(tick / 2.0);
            _time.Advance(TimeSpan.FromSeconds(0.5));
        }
        // 1, 2, 4 and 8 seconds, less a fifth at most, then 10.
        Assert.Equal(0, attempts[0]);
        Assert.InRange(attempts[1], 0.5, 1.5);
        Assert.All(attempts.Zip(attempts.Skip(1)).Skip(4), static pair => Assert.InRange(pair.Second - pair.First, 8,
            10.5));
        Assert.InRange(attempts.Count, 12, 16);
        Assert.StartsWith("metrics are not exported to http://127.0.0.1:1: Connection refused", _reported.Problem,
            StringComparison.Ordinal);
        Assert.Equal([$"warning: {_reported.Problem}"], _log.Lines);

        await using var receiver = await OtlpReceiver.StartAsync(grpc: false);
        _settings = _settings with { Endpoint = receiver.Url };
        await UpdateAsync();
        Assert.Equal((1, attempts.Count, null), (_reported.State!.Exports, _reported.State.Failures,
            _reported.Problem));
        Assert.Equal($"info: metrics are exported to {receiver.Url}", _log.Lines[^1]);
    }

    [Theory]
    [InlineData(OtlpProtocol.HttpProtobuf)]
    [InlineData(OtlpProtocol.Grpc)]
    public async Task Only_a_collector_with_a_certificate_of_the_authority_gets_metrics(OtlpProtocol protocol)
    {
        using var certificate = _authority.IssueForTls("CN=collector");
        using var other = new TestAuthority("other");
        await using var receiver = await StartAsync(protocol, certificate);
        _settings = _settings! with { CaFile = _folder.Write("ca.pem", other.Pem) };
        await UpdateAsync();
        Assert.Empty(receiver.Requests);
        Assert.Contains("certificate", _reported.Problem, StringComparison.Ordinal);

        // The next attempt reads the file again.
        _folder.Replace("ca.pem", _authority.Pem);
        _time.Advance(_settings.Interval);
        await UpdateAsync();
        Assert.Null(_reported.Problem);
        Assert.Single(receiver.Requests);
    }

    [Theory]
    [InlineData(OtlpProtocol.HttpProtobuf)]
    [InlineData(OtlpProtocol.Grpc)]
    public async Task Headers_are_sent_and_read_again_when_the_file_changes(OtlpProtocol protocol)
    {
        await using var receiver = await StartAsync(protocol);
        _settings = _settings! with
        {
            HeadersFile = _folder.Write("headers", "# tenant\n\nAuthorization: Bearer first\nX-Scope: edge\n"),
        };
        await UpdateAsync();
        _folder.Replace("headers", "authorization:Bearer second");
        _time.Advance(_settings.Interval);
        await UpdateAsync();
        Assert.Equal(["Bearer first", "Bearer second"], receiver.Requests.Select(static r =>
            r.Headers["Authorization"]));
        Assert.Equal("edge", receiver.Requests[0].Headers["X-Scope"]);
    }

    [Theory]
    [InlineData("Authorization secret")]
    [InlineData("Author ization: secret")]
    [InlineData("Content-Type: secret")]
    [InlineData(": secret")]
    public async Task Line_that_is_no_header_is_a_problem_without_the_secret(string line)
    {
        await using var receiver = await StartAsync(OtlpProtocol.HttpProtobuf);
        string path = _folder.Write("headers", $"A: b\n{line}\n");
        _settings = _settings! with { HeadersFile = path };
        await UpdateAsync();
        Assert.Equal($"metrics are not exported to {receiver.Url}: node.otlp.headersFile: {path}: line 2 is not a "
            + "header. Write name: value.", _reported.Problem);
        Assert.Empty(receiver.Requests);
    }

    [Fact]
    public async Task Files_that_cannot_be_used_are_problems()
    {
        await using var receiver = await StartAsync(OtlpProtocol.HttpProtobuf);
        foreach (var (settings, problem) in new[]
        {
            (_settings! with { HeadersFile = _folder.Path("none") }, "node.otlp.headersFile: "),
            (_settings with { HeadersFile = _folder.Write("long", new string('a', 20_000)) }, "more than 16384 bytes"),
            (_settings with { CaFile = _folder.Path("none") }, "node.otlp.caFile: "),
            (_settings with { CaFile = _folder.Write("ca", "x") }, "no certificate in PEM format"),
        })
        {
            _settings = settings;
            await UpdateAsync();
            Assert.Contains(problem, _reported.Problem, StringComparison.Ordinal);
        }
        Assert.Empty(receiver.Requests);
    }

    public static TheoryData<OtlpProtocol, Action<HttpContext>, string> Refusals => new()
    {
        { OtlpProtocol.HttpProtobuf, static c => c.Response.StatusCode = 401,
            "the collector answers with HTTP status 401" },
        { OtlpProtocol.HttpProtobuf, static c => c.Response.Redirect("/other"),
            "the collector answers with HTTP status 302" },
        { OtlpProtocol.Grpc, static c => c.Response.StatusCode = 404, "the collector answers with HTTP status 404" },
        { OtlpProtocol.Grpc, static c => c.Response.ContentType = "text/html", "the response is not one of gRPC" },
        { OtlpProtocol.Grpc, static c =>
            {
                c.Response.Headers["grpc-status"] = "16";
                c.Response.Headers["grpc-message"] = "no%20token%0A!";
            }, "the collector answers with gRPC status 16: no token !" },
    };

    [Theory]
    [MemberData(nameof(Refusals), DisableDiscoveryEnumeration = true)]
    public async Task Refusal_is_a_problem_with_its_reason(OtlpProtocol protocol, Action<HttpContext> refuse,
        string reason)
    {
        await using var receiver = await StartAsync(protocol);
        receiver.Respond = context =>
        {
            refuse(context);
            return Task.CompletedTask;
        };
        await UpdateAsync();
        Assert.Equal($"metrics are not exported to {receiver.Url}: {reason}", _reported.Problem);
        Assert.Single(receiver.Requests);
    }

    [Theory]
    [InlineData(OtlpProtocol.HttpProtobuf)]
    [InlineData(OtlpProtocol.Grpc)]
    public async Task Points_that_the_collector_rejects_are_a_problem(OtlpProtocol protocol)
    {
        await using var receiver = await StartAsync(protocol);
        // partial_success { rejected_data_points: 300, error_message: "old" }
        receiver.Respond = static context => OtlpReceiver.AcceptAsync(context, 0x0a, 8, 0x08, 0xac, 0x02, 0x12, 3,
            (byte)'o', (byte)'l', (byte)'d');
        await UpdateAsync();
        Assert.Equal($"metrics are not exported to {receiver.Url}: the collector rejected 300 data points: old",
            _reported.Problem);
    }

    [Theory]
    [InlineData(OtlpProtocol.HttpProtobuf)]
    [InlineData(OtlpProtocol.Grpc)]
    public async Task Warning_of_a_collector_that_took_all_points_is_no_failure(OtlpProtocol protocol)
    {
        await using var receiver = await StartAsync(protocol);
        // partial_success { error_message: "old" }
        receiver.Respond = static context => OtlpReceiver.AcceptAsync(context, 0x0a, 5, 0x12, 3, (byte)'o', (byte)'l',
            (byte)'d');
        await UpdateAsync();
        Assert.Equal((1, 0, null), (_reported.State!.Exports, _reported.State.Failures, _reported.Problem));
    }

    /// <summary>The specification of OTLP lists what may succeed when it is repeated.</summary>
    [Theory]
    [InlineData(OtlpProtocol.HttpProtobuf, 429, true)]
    [InlineData(OtlpProtocol.HttpProtobuf, 502, true)]
    [InlineData(OtlpProtocol.HttpProtobuf, 503, true)]
    [InlineData(OtlpProtocol.HttpProtobuf, 504, true)]
    [InlineData(OtlpProtocol.HttpProtobuf, 400, false)]
    [InlineData(OtlpProtocol.HttpProtobuf, 500, false)]
    [InlineData(OtlpProtocol.Grpc, 14, true)]
    [InlineData(OtlpProtocol.Grpc, 4, true)]
    [InlineData(OtlpProtocol.Grpc, 3, false)]
    [InlineData(OtlpProtocol.Grpc, 7, false)]
    public async Task Only_a_transient_failure_is_repeated_before_the_interval(OtlpProtocol protocol, int status,
        bool isTransient)
    {
        await using var receiver = await StartAsync(protocol);
        receiver.Respond = context =>
        {
            if (protocol == OtlpProtocol.Grpc)
                context.Response.Headers["grpc-status"] = $"{status}";
            else
                context.Response.StatusCode = status;
            return Task.CompletedTask;
        };
        await UpdateAsync();
        _time.Advance(TimeSpan.FromSeconds(1));
        await UpdateAsync();
        Assert.Equal(isTransient ? 2 : 1, receiver.Requests.Count);
        _time.Advance(OtlpSettings.DefaultInterval);
        await UpdateAsync();
        Assert.Equal(isTransient ? 3 : 2, receiver.Requests.Count);
    }

    [Fact]
    public async Task Collector_can_ask_for_a_longer_pause()
    {
        await using var receiver = await StartAsync(OtlpProtocol.HttpProtobuf);
        receiver.Respond = static context =>
        {
            context.Response.StatusCode = 503;
            context.Response.Headers.RetryAfter = "180";
            return Task.CompletedTask;
        };
        await UpdateAsync();
        _time.Advance(TimeSpan.FromSeconds(179));
        await UpdateAsync();
        Assert.Single(receiver.Requests);
        _time.Advance(TimeSpan.FromSeconds(1));
        await UpdateAsync();
        Assert.Equal(2, receiver.Requests.Count);
    }

    [Fact]
    public async Task Export_ends_with_its_settings()
    {
        await using var first = await StartAsync(OtlpProtocol.HttpProtobuf);
        await using var second = await OtlpReceiver.StartAsync(grpc: true);
        await UpdateAsync();
        _settings = new OtlpSettings { Endpoint = second.Url, Protocol = OtlpProtocol.Grpc };
        await UpdateAsync();
        _settings = null;
        _time.Advance(OtlpSettings.DefaultInterval * 2);
        await UpdateAsync();
        Assert.Equal((1, 1), (first.Requests.Count, second.Requests.Count));
        Assert.Equal((null, null), _reported);
    }

    [Fact]
    public async Task Collector_that_does_not_answer_does_not_delay_the_end()
    {
        await using var receiver = await StartAsync(OtlpProtocol.Grpc);
        var arrived = new TaskCompletionSource();
        receiver.Respond = async context =>
        {
            arrived.SetResult();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(
                ConfigureAwaitOptions.SuppressThrowing);
        };
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var run = _exporter.RunAsync(stop.Token);
        _time.Advance(TimeSpan.FromSeconds(1));
        await arrived.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        var clock = Stopwatch.StartNew();
        await stop.CancelAsync();
        await run;
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(1));
    }

    /// <summary>A response is the word of another machine.</summary>
    [Fact]
    public void Malformed_response_is_an_error_of_the_export_only()
    {
        var random = new Random(1);
        int malformed = 0;
        for (int i = 0; i < 20_000; i++)
        {
            byte[] message = new byte[random.Next(24)];
            random.NextBytes(message);
            if (message.Length > 1 && random.Next(2) == 0)
                (message[0], message[1]) = (0x0a, (byte)(message.Length - 2));
            try
            {
                string? text = OtlpResponse.Rejection(message);
                Assert.DoesNotContain(text ?? "", static c => char.IsControl(c));
            }
            catch (OtlpException)
            {
                malformed++;
            }
        }
        Assert.InRange(malformed, 1000, 19_000);
    }

    public void Dispose()
    {
        _exporter.Dispose();
        _authority.Dispose();
        _folder.Dispose();
    }

    private Task UpdateAsync() => _exporter.UpdateAsync(TestContext.Current.CancellationToken);

    private async Task<OtlpReceiver> StartAsync(OtlpProtocol protocol, X509Certificate2? certificate = null)
    {
        var receiver = await OtlpReceiver.StartAsync(protocol == OtlpProtocol.Grpc, certificate);
        _settings = new OtlpSettings { Endpoint = receiver.Url, Protocol = protocol };
        return receiver;
    }
}
