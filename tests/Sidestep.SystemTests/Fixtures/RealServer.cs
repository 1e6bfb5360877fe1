using System.Text.Json;

namespace Sidestep.SystemTests.Fixtures;

/// <summary>A real server and its network: outside (router 10.0.1.1 and director 10.0.1.2) -- eth0 -- server
/// (10.0.1.3).</summary>
internal sealed class RealServer : IDisposable
{
    public const string Vip = "203.0.113.10", OtherVip = "203.0.113.11", Router = "10.0.1.1", Director = "10.0.1.2",
        Address = "10.0.1.3";
    public const string UnknownHost = "10.0.1.66", Client = "198.51.100.7";
    public const string Vip6 = "2001:db8:113::10", Director6 = "2001:db8:1::2", Address6 = "2001:db8:1::3",
        UnknownHost6 = "2001:db8:1::66", Client6 = "2001:db8:c::7";
    public const string VipPrefix = "192.0.2.128/25", SourcePrefix = "198.18.0.0/15", SourcePrefix6 = "2001:db8:5::/64";

    public RealServer()
    {
        try
        {
            Outside.IpBatch($"link add eth0 type veth peer name eth0 netns {Server.Name}",
                // No link-local IPv6 address, which would change during a test.
                "link set eth0 addrgenmode none up", $"address add {Router}/24 dev eth0",
                $"address add {Director}/24 dev eth0", $"address add {Director6}/64 dev eth0 nodad");
            // As for IPv4, addresses survive when the link goes down and up.
            Server.WriteSysctl("ipv6/conf/eth0/keep_addr_on_down", 1);
            Server.IpBatch($"address add {Address}/24 dev eth0", "link set eth0 addrgenmode none up",
                $"route add default via {Router}", $"address add {Address6}/64 dev eth0 nodad");
            ServerMac = MacOf(Server);
            OutsideMac = MacOf(Outside);
            StateDirectory = Directory.CreateTempSubdirectory("sidestep-agent-test-").FullName;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public NetworkNamespace Outside { get; } = new("o");

    public NetworkNamespace Server { get; } = new("s");

    public byte[] ServerMac { get; } = [];

    public byte[] OutsideMac { get; } = [];

    public string StateDirectory { get; } = "";

    /// <summary>A director's packet as it is on the wire.</summary>
    public byte[] Encapsulated(string outerSource, byte[] inner, byte tos = 0) =>
        Frame.Ethernet(ServerMac, OutsideMac, Frame.Ip, Frame.IPv4(outerSource, Address, Frame.IpInIp, inner, tos));

    /// <summary>A command line of the agent in the server's namespace.</summary>
    public string[] Command(string options, bool withState = true) =>
        Server.Enter([AgentProcess.Executable, .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries),
            .. withState ? new[] { "--state-dir", StateDirectory } : []]);

    public Shell.Result TryAgent(string options, bool withState = true) => Shell.Try(Command(options, withState));

    /// <summary>Runs the agent; fails the test unless it succeeds.</summary>
    public string RunAgent(string options) => Shell.Run(Command(options));

    /// <summary>Applies the usual layer-3 setup.</summary>
    public string ApplyLayer3(string more = "") =>
        RunAgent($"apply --vip {Vip} --interface eth0 --decapsulate ipip --director {Director} {more}");

    public Dictionary<string, long> Counters()
    {
        using var document = JsonDocument.Parse(TryAgent("verify --json").Output);
        return document.RootElement.GetProperty("counters").EnumerateObject()
            .ToDictionary(static c => c.Name, static c => c.Value.GetInt64());
    }

    /// <summary>The conditions of <c>verify --json</c> that are wrong, as name and subject.</summary>
    public List<string> WrongConditions()
    {
        using var document = JsonDocument.Parse(TryAgent("verify --json").Output);
        return [.. document.RootElement.GetProperty("conditions").EnumerateArray()
            .Where(static c => c.GetProperty("status").GetString() == "wrong")
            .Select(static c => $"{c.GetProperty("name").GetString()} {c.GetProperty("subject").GetString()}")];
    }

    public int Sysctl(string name) =>
        int.Parse(Server.Run("cat", "/proc/sys/net/ipv4/conf/" + name),
        System.Globalization.CultureInfo.InvariantCulture);

    public void SetSysctl(string name, int value) =>
        Server.WriteSysctl($"ipv4/conf/{name}", value);

    /// <summary>The object file of the tests' tc programs.</summary>
    public string ExtractTestPrograms()
    {
        var path = Path.Combine(StateDirectory, "encapsulate.o");
        using var resource = typeof(RealServer).Assembly.GetManifestResourceStream("encapsulate.bpf.o")!;
        using var file = File.Create(path);
        resource.CopyTo(file);
        return path;
    }

    /// <summary>Everything that the agent may change, as the system's tools show it.</summary>
    public string DumpState() => string.Join('\n',
        Server.Run("sh", "-c",
        "cd /proc/sys/net && grep -r . ipv4 2>/dev/null | grep -v -e ipv4/route/flush -e _port_range | sort"),
        Server.Ip("-d address"), Server.Ip("-d route show table all"), Server.Run("tc", "qdisc", "show", "dev", "eth0"),
        Server.Run("tc", "filter", "show", "dev", "eth0", "ingress"),
            Server.Run("tc", "filter", "show", "dev", "eth0", "egress"));

    public void Dispose()
    {
        Server.Dispose();
        Outside.Dispose();
        if (StateDirectory.Length > 0)
            Directory.Delete(StateDirectory, recursive: true);
    }

    internal static byte[] MacOf(NetworkNamespace netns)
    {
        using var document = JsonDocument.Parse(netns.Ip("-j link show eth0"));
        return Convert.FromHexString(document.RootElement[0].GetProperty("address")
            .GetString()!.Replace(":", "", StringComparison.Ordinal));
    }
}
