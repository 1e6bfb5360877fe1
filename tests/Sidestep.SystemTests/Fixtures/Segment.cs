using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.RegularExpressions;
using Sidestep.Lab.Processes;

namespace Sidestep.SystemTests.Fixtures;

/// <summary>One segment, 10.9.0.0/24, on one bridge: clients (.100 and up), the director (.2) and real servers (.11
/// and up). The VIP is on-link for clients, so that the director must answer ARP for it.</summary>
internal sealed partial class Segment : IDisposable
{
    public const string Vip = "203.0.113.10", DirectorAddress = "10.9.0.2", ClientAddress = "10.9.0.100", Bridge =
        "br0";
    private const int ClientAddresses = 8;
    private const string BpfFs = "/sys/fs/bpf", Reports = DaemonSocket.Folder, StateFolder = "/var/lib/sidestep";
    private readonly List<DaemonProcess> _daemons = [];
    private readonly List<IDisposable> _services = [];

    static Segment() => DeleteLeftovers();

    /// <param name="servers">Number of real servers with a service, on the segment and in the configuration.</param>
    public Segment(int servers = 2)
    {
        try
        {
            Lan.Bridge(Bridge);
            Client = Lan.Node("client");
            Director = Lan.Node("director");
            Lan.Plug(Client, "eth0", Bridge, ClientAddress + "/24");
            foreach (var address in Sources.Skip(1))
                Client.Ip($"address add {address}/24 dev eth0");
            Client.Ip("route add 203.0.113.0/24 dev eth0");
            Lan.Plug(Director, "eth0", Bridge, DirectorAddress + "/24");
            Lan.EnableXdpTransmit(Director, "eth0");
            File = new DirectorConfiguration
            {
                Name = "test",
                PinPath = $"{BpfFs}/" + string.Join('-', Director.Name.Split('-')[..3]),
                Services = [new UdpService("echo", Vip, EchoServer.Port)],
            };
            for (byte number = 1; number <= servers; number++)
            {
                Serve(Server(number), number);
                File = File with { Servers = [.. File.Servers, ServerEntry(number)] };
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public Lan Lan { get; } = new();

    /// <summary>The servers of the constructor, server 1 first.</summary>
    public IReadOnlyList<NetworkNamespace> Servers => [.. _services.OfType<EchoServer>().Select(static s => s.Netns)];

    public NetworkNamespace Client { get; } = null!;

    public NetworkNamespace Director { get; } = null!;

    /// <summary>The configuration of the daemon; see <see cref="Write"/>.</summary>
    public DirectorConfiguration File { get; set; } = null!;

    public string FilePath => Path.Combine(Lan.Folder, "sidestep.yaml");

    public string StorePath => Path.Combine(Lan.Folder, "revisions");

    public string SocketPath => $"{Reports}/{File.PinPath.Trim('/').Replace('/', '-')}-{File.Name}.sock";

    /// <summary>Path of the daemon's audit log.</summary>
    public string AuditPath =>
        $"{StateFolder}/{File.PinPath.Trim('/').Replace('/', '-')}-{File.Name}.audit.jsonl";

    public string PinFolder => Path.Combine(File.PinPath, File.Name);

    public static IReadOnlyList<string> Sources =>
        [.. Enumerable.Range(100, ClientAddresses)
        .Select(static i => string.Create(CultureInfo.InvariantCulture, $"10.9.0.{i}"))];

    public static string AddressOf(int server) => string.Create(CultureInfo.InvariantCulture, $"10.9.0.{10 + server}");

    public static PoolServer ServerEntry(int server) => new($"server{server}", AddressOf(server));

    /// <summary>Adds a namespace without a service to the segment.</summary>
    public NetworkNamespace Server(int number)
    {
        var netns = Lan.Node($"s{number}");
        Lan.Plug(netns, "eth0", Bridge, AddressOf(number) + "/24");
        return netns;
    }

    /// <summary>Makes a namespace a real server.</summary>
    public EchoServer Serve(NetworkNamespace netns, byte number)
    {
        var service = new EchoServer(netns, Vip, number);
        _services.Add(service);
        return service;
    }

    /// <summary>Replaces the configuration file as a whole.</summary>
    public void Write(DirectorConfiguration file)
    {
        File = file;
        WriteText(file.ToString());
    }

    public void WriteText(string text)
    {
        System.IO.File.WriteAllText(FilePath + ".new", text);
        System.IO.File.Move(FilePath + ".new", FilePath, overwrite: true);
    }

    /// <summary>Replaces the configuration file, and waits until the log says that it is applied.</summary>
    public void Apply(DirectorConfiguration file)
    {
        var before = _daemons[^1].CombinedOutput.Length;
        Write(file);
        // Cheaper than another process that reads the status. Other assertions check the state itself.
        Eventually.True(() => AppliedAfter().IsMatch(_daemons[^1].CombinedOutput, before), () =>
            $"not applied:\n{file}\n{_daemons[^1].CombinedOutput}");
    }

    /// <summary>Starts the daemon with <see cref="File"/>, without waiting.</summary>
    public DaemonProcess Launch(params string[] wrapper)
    {
        if (!System.IO.File.Exists(FilePath))
            Write(File);
        var daemon = new DaemonProcess(Director, FilePath, wrapper);
        _daemons.Add(daemon);
        return daemon;
    }

    /// <summary>Starts the daemon with a store of revisions, which begins with <see cref="File"/>, and waits until it
    /// forwards.</summary>
    public DaemonProcess StartWithStore()
    {
        if (!System.IO.File.Exists(FilePath))
            Write(File);
        var daemon = DaemonProcess.WithStore(Director, StorePath, FilePath);
        _daemons.Add(daemon);
        return daemon.Until(DaemonProcess.Ready);
    }

    /// <summary>Starts the daemon and waits until it forwards.</summary>
    public DaemonProcess Start() => Launch().Until(DaemonProcess.Ready);

    /// <param name="sources">Client addresses, one flow each; null: all.</param>
    public Traffic Send(IReadOnlyList<string>? sources = null)
    {
        var traffic = new Traffic(Client, sources ?? Sources, Vip);
        _services.Add(traffic);
        return traffic;
    }

    /// <summary>A client of the daemon's API, for URLs of the host <c>director</c>.</summary>
    public HttpClient Http() => new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, cancellation) =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(SocketPath), cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        },
    });

    /// <summary>Waits until the daemon answers requests, which it does after its first tables.</summary>
    public async Task WaitForApiAsync()
    {
        while (await DaemonSocket.TryGetStatusAsync(SocketPath, TestContext.Current.CancellationToken) is null)
            await Task.Delay(10, TestContext.Current.CancellationToken);
    }

    /// <summary>The status of the director: from its daemon's socket, or by <c>sidestep status --json</c> while no
    /// daemon listens.</summary>
    public JsonElement Status() =>
        DaemonSocket.TryGetStatusAsync(SocketPath, TestContext.Current.CancellationToken).GetAwaiter().GetResult()
            is { } text ? Parse(text) : StatusByCommand();

    /// <summary><c>sidestep status --json</c>.</summary>
    public JsonElement StatusByCommand() => Parse(StatusOutput("--json"));

    /// <summary>The text of <c>sidestep status</c>.</summary>
    public string StatusText() => StatusOutput();

    /// <summary>The output of <c>sidestep status</c>. The exit code is 1 while no interface is attached.</summary>
    private string StatusOutput(params string[] more)
    {
        var result = Shell.Try(StatusCommand(more));
        Assert.True(result.ExitCode is 0 or 1,
            $"sidestep status: exit {result.ExitCode}\n{result.Output}{result.Error}");
        return result.Output;
    }

    private static JsonElement Parse(string status)
    {
        using var document = JsonDocument.Parse(status);
        return document.RootElement.Clone();
    }

    /// <summary>The command line of <c>sidestep status</c> for this director.</summary>
    public string[] StatusCommand(params string[] more) =>
        [Repository.Executable("Sidestep.Cli", "sidestep"), "status", "--name", File.Name, "--pin-path", File.PinPath,
        .. more];

    public void Dispose()
    {
        foreach (var daemon in _daemons)
            daemon.Dispose();
        foreach (var service in _services)
            service.Dispose();
        Lan.Dispose();
        if (File is not null)
            Delete(Path.GetFileName(File.PinPath));
    }

    [GeneratedRegex(@"configuration changed\n(.*\n)*.* applied:")]
    private static partial Regex AppliedAfter();

    /// <summary>Removes the state of a killed run.</summary>
    private static void DeleteLeftovers()
    {
        foreach (var name in Directory.GetDirectories(BpfFs, "ssd-*").Select(static d => Path.GetFileName(d)))
        {
            if (int.TryParse(name.Split('-')[1], CultureInfo.InvariantCulture, out var owner)
                && !Directory.Exists($"/proc/{owner}"))
                Delete(name);
        }
    }

    private static void Delete(string name)
    {
        if (Directory.Exists($"{BpfFs}/{name}"))
            Directory.Delete($"{BpfFs}/{name}", recursive: true);
        foreach (var folder in new[] { Reports, StateFolder }.Where(Directory.Exists))
        {
            foreach (var file in Directory.GetFiles(folder, $"*-{name}-*"))
                System.IO.File.Delete(file);
            foreach (var authority in Directory.GetDirectories(folder, $"*-{name}-*"))
                Directory.Delete(authority, recursive: true);
        }
    }
}
