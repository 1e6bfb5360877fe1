using Sidestep.Api;
using Sidestep.Api.Captures;
using Sidestep.Api.Flows;
using Sidestep.Control.Agents;
using Sidestep.Daemon;
using Sidestep.Daemon.Api;
using Sidestep.Daemon.Api.Access;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Capture;
using Sidestep.Forwarding.TrackedFlows;
using Sidestep.Model;
using Sidestep.UnitTests.Cli;

namespace Sidestep.UnitTests.Daemon.Api;

/// <summary>The client and the daemon's server on a real socket: streams end with their client, and the client learns
/// why a stream ends.</summary>
public sealed class StreamTests : IAsyncLifetime
{
    private static readonly ServerKey Web1 = new(Cli.TestDirector.Web, "web1", VrfAddress.Parse("10.0.0.11"));
    private readonly TempFolder _folder = new();
    private readonly TestLog _log = new();
    private readonly TestEngineState _engine = new();
    private readonly LongRequests _threads = new();
    private readonly Rest.TestRest _rest = new(TestDirector.Yaml);
    private ApiListener? _listener;
    private AccessControl? _access;

    private string SocketPath => _folder.Path("d.sock");

    public async ValueTask InitializeAsync()
    {
        var local = new LocalHandlers(static () => Cli.TestDirector.Full,
            static (_, _) => throw new NotSupportedException(), static () => throw new NotSupportedException(),
            static () => throw new NotSupportedException());
        var requests = new RunningDirectorRequests(TestDirector.Configuration.Node.Name, _engine, static () => null);
        var agents = new AgentRegistry(new DrainOverlay(), "1.0", TimeProvider.System);
        _listener = await ApiListener.OnSocketAsync(SocketPath,
            new ApiEndpoints(agents, local, new RunningHandlers(requests, _threads),
            _rest.Endpoints, _rest.Stream,
            new MetricsHandler(static () => Cli.TestDirector.Full, static () => true),
            _access = new AccessControl(
                new AccessFiles(_folder.Path("access.json"), _folder.Path("audit"), _folder.Path("authority")),
                static () => null, agents, _log.Log, TimeProvider.System), _log.Log), Cancellation);
    }

    [Fact]
    public async Task Every_flow_and_the_counts_arrive()
    {
        const int Flows = 20_000;
        _engine.Table = Table(Enumerable.Range(0, Flows));
        using var client = DirectorClient.OnThisMachine(SocketPath);
        var ports = new HashSet<int>();
        var report = await client.ReadFlowsAsync(new FlowsRequest(List: true), f => ports.Add(f.ClientPort),
            Cancellation);
        Assert.Equal((Flows, Flows), (report.Flows, ports.Count));
    }

    [Fact]
    public async Task Client_that_goes_away_ends_the_visit()
    {
        var visited = 0L;
        _engine.Table = Table(Forever(() => visited++));
        using (var client = DirectorClient.OnThisMachine(SocketPath))
        {
            await Assert.ThrowsAsync<InvalidOperationException>(() => client.ReadFlowsAsync(
                new FlowsRequest(List: true), static _ => throw new InvalidOperationException("enough"), Cancellation));
        }
        // Nothing else ends it: the test's own time limit fails a visit that goes on.
        while (!_engine.Table.IsDisposed)
            await Task.Delay(10, Cancellation);
        Assert.Empty(_log.Lines);
    }

    [Fact]
    public async Task Client_that_stops_reading_stops_the_visit()
    {
        var visited = 0L;
        _engine.Table = Table(Forever(() => visited++));
        using var http = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellation) =>
            {
                var socket = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.Unix,
                    System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Unspecified);
                await socket.ConnectAsync(new System.Net.Sockets.UnixDomainSocketEndPoint(SocketPath), cancellation);
                return new System.Net.Sockets.NetworkStream(socket, ownsSocket: true);
            },
        });
        using var response = await http.GetAsync(new Uri("http://director/api/v1/flows?list=true"),
            HttpCompletionOption.ResponseHeadersRead, Cancellation);
        long before;
        do
        {
            before = Volatile.Read(ref visited);
            await Task.Delay(200, Cancellation);
        }
        while (Volatile.Read(ref visited) != before || before == 0);
        // The buffers of the socket, of Kestrel and of the writer: far less than an endless response.
        Assert.InRange(before, 1, 100_000);
        _threads.Stop();
    }

    [Fact]
    public async Task Daemon_that_stops_says_so_to_its_client()
    {
        using var client = DirectorClient.OnThisMachine(SocketPath);
        _engine.Capture = static _ => new Session([], default);
        await using var capture = await client.CaptureAsync(new CaptureRequest(), Cancellation);
        Assert.Null(await capture.ReadAsync());
        _threads.Stop();
        var error = await Assert.ThrowsAsync<DirectorException>(async () =>
        {
            while (await capture.ReadAsync() is null)
            {
            }
        });
        Assert.Equal("sidestepd stops", error.Problem!.Detail);
    }

    [Fact]
    public async Task Frames_and_losses_of_a_capture_arrive_until_the_client_ends_it()
    {
        var session = new Session([Frame(1), Frame(2)], new CaptureCounts(4, 5));
        _engine.Capture = filter =>
        {
            Assert.Equal([80], filter.Ports);
            return session;
        };
        using var client = DirectorClient.OnThisMachine(SocketPath);
        await using (var capture = await client.CaptureAsync(new CaptureRequest { Filter = "port 80" }, Cancellation))
        {
            var numbers = new List<long>();
            while (numbers.Count < 2)
            {
                if (await capture.ReadAsync() is { } frame)
                    numbers.Add(frame.Number);
            }
            Assert.Equal([1, 2], numbers);
            Assert.Equal(new CaptureLoss(4, 5), capture.Loss);
        }
        await session.Ended.WaitAsync(TimeSpan.FromSeconds(10), Cancellation);
        Assert.StartsWith("info: audit entry 1, head ", Assert.Single(_log.Lines), StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        _threads.Stop();
        if (_listener is not null)
            await _listener.DisposeAsync();
        _access?.Dispose();
        _folder.Dispose();
        _rest.Dispose();
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static ListedFlows Table(IEnumerable<int> ports) => new(
        new FlowTableStatus(1024, [Web1], [ServiceKey.InDefault("www")]),
        ports.Select(static p => TestEngineState.Flow(Web1, (ushort)p)));

    private static IEnumerable<int> Forever(Action visited)
    {
        while (true)
        {
            visited();
            yield return 1;
        }
    }

    private static CapturedFrame Frame(long number) => new()
    {
        Number = number,
        Time = 1,
        IsOut = false,
        Interface = "eth0",
        Decision = Decision.Forward,
        Action = XdpAction.Transmit,
        Length = 1,
        Bytes = new byte[] { 1 },
    };

    private sealed class Session(CapturedFrame[] frames, CaptureCounts counts) : ICaptureSession
    {
        private readonly Queue<CapturedFrame> _frames = new(frames);
        private readonly TaskCompletionSource _ended = new();

        public Task Ended => _ended.Task;

        public CaptureCounts Counts => counts;

        public void Poll(TimeSpan timeout, Action<CapturedFrame> handle)
        {
            if (_frames.TryDequeue(out var frame))
                handle(frame);
            else
                Thread.Sleep(5);
        }

        public void Dispose() => _ended.SetResult();
    }
}
