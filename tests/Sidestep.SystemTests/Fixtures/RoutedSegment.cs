namespace Sidestep.SystemTests.Fixtures;

/// <summary>
/// Two routers (.1 and .254 on the segment) between the segment and 10.9.1.0/24 with the real servers. The agent
/// configures the servers; they reply through the first router.
/// </summary>
internal sealed class RoutedSegment : IDisposable
{
    public const string FirstRouter = "10.9.0.1", SecondRouter = "10.9.0.254";
    private const string Far = "br1";
    private readonly List<string[]> _remove = [];

    public RoutedSegment(int servers = 2)
    {
        try
        {
            Segment.Lan.Bridge(Far);
            First = Router("r1", FirstRouter, "10.9.1.1");
            Second = Router("r2", SecondRouter, "10.9.1.254");
            Segment.Director.Ip($"route add 10.9.1.0/24 via {FirstRouter}");
            var lines = new List<PoolServer>();
            for (byte number = 1; number <= servers; number++)
                lines.Add(AddServer(number));
            Segment.File = Segment.File with { ProfileLines = "dsrType: l3", Servers = lines };
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public Segment Segment { get; } = new(servers: 0);

    public NetworkNamespace First { get; } = null!;

    public NetworkNamespace Second { get; } = null!;

    public void Dispose()
    {
        foreach (var command in _remove)
            Shell.Try(command);
        Segment.Dispose();
    }

    private NetworkNamespace Router(string role, string inner, string outer)
    {
        var router = Segment.Lan.Node(role);
        Lan.SetSysctl(router, "ipv4/ip_forward", 1);
        Lan.SetSysctl(router, "ipv4/conf/all/send_redirects", 0);
        Segment.Lan.Plug(router, "eth0", Segment.Bridge, inner + "/24");
        Segment.Lan.Plug(router, "eth1", Far, outer + "/24");
        return router;
    }

    private PoolServer AddServer(byte number)
    {
        var netns = Segment.Lan.Node($"s{number}");
        var address = $"10.9.1.{10 + number}";
        Segment.Lan.Plug(netns, "eth0", Far, address + "/24");
        netns.Ip("route add default via 10.9.1.1");
        string[] state = ["--state-dir", Path.Combine(Segment.Lan.Folder, $"agent{number}")];
        _remove.Add(netns.Enter([AgentProcess.Executable, "remove", .. state]));
        netns.Run(
            [AgentProcess.Executable, "apply", "--vip", Segment.Vip, "--interface", "eth0", "--decapsulate", "ipip",
            "--director", Segment.DirectorAddress, .. state]);
        Segment.Serve(netns, number);
        return new PoolServer($"server{number}", address);
    }
}
