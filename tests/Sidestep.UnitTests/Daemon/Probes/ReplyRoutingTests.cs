using System.Net;
using Sidestep.Daemon.Probes;
using Sidestep.Forwarding;
using Sidestep.Native;
using Sidestep.Native.Netlink;

namespace Sidestep.UnitTests.Daemon.Probes;

/// <summary>Which VIPs get a route by which the kernel accepts replies to probes.</summary>
public sealed class ReplyRoutingTests : IDisposable
{
    private static readonly EgressInterface Eth0 = TestDirector.Eth0;
    private static readonly EgressInterface Eth1 = Eth0 with { Index = 3, Name = "eth1" };
    private static readonly IPNetwork Vip = IPNetwork.Parse("203.0.113.10/32");
    private readonly FakeKernel _kernel = new();
    private readonly List<string> _log = [];
    private readonly ReplyRouting _routing;

    public ReplyRoutingTests() => _routing = new ReplyRouting(_kernel, _log.Add);

    public void Dispose() => _routing.Dispose();

    /// <summary>Interface of the machine's own route: 2 is eth0, 9 is another one, 0 is none, -1 is local.</summary>
    [Theory]
    [InlineData(0, 0, false)]
    [InlineData(1, 0, true)]
    [InlineData(2, 0, true)]
    [InlineData(1, 2, false)]
    [InlineData(2, 2, false)]
    [InlineData(1, 9, true)]
    [InlineData(2, 9, false)]
    [InlineData(1, -1, false)]
    [InlineData(2, -1, false)]
    public void VIP_gets_a_route_where_validation_would_drop_replies(int mode, int egress, bool isInstalled)
    {
        _kernel.Mode = mode;
        _kernel.Route = RouteBy(egress);
        _routing.Update([Eth0], [Vip]);
        Assert.Equal(isInstalled ? ["add 203.0.113.10/32 by 2", "add rule"] : [], _kernel.Calls);
        Assert.Empty(_routing.Problems);
    }

    [Fact]
    public void IPv6_is_not_validated()
    {
        _routing.Update([Eth0], [IPNetwork.Parse("2001:db8::1/128")]);
        Assert.Empty(_kernel.Calls);
    }

    [Fact]
    public void Replies_are_accepted_on_every_interface()
    {
        _routing.Update([Eth0, Eth1], [Vip]);
        Assert.Equal("add 203.0.113.10/32 by 2+3", _kernel.Calls[0]);
        _routing.Update([Eth1], [Vip]);
        Assert.Equal(["remove 203.0.113.10/32", "add 203.0.113.10/32 by 3"],
            _kernel.Calls.Where(static c => c.Contains("203", StringComparison.Ordinal)).Skip(1));
    }

    /// <summary>A BGP speaker adds and removes its blackhole route while the director runs.</summary>
    [Fact]
    public void Routes_of_the_machine_are_followed()
    {
        _kernel.Route = RouteBy(2);
        _routing.Update([Eth0], [Vip]);
        _kernel.Route = null;
        Assert.Empty(_routing.Restore());
        _kernel.Route = RouteBy(2);
        Assert.Empty(_routing.Restore());
        Assert.Equal(["add 203.0.113.10/32 by 2", "add rule", "remove 203.0.113.10/32", "remove rule"], _kernel.Calls);
    }

    [Fact]
    public void What_is_gone_is_restored_and_named()
    {
        _routing.Update([Eth0], [Vip]);
        Assert.Empty(_routing.Restore());
        _kernel.Installed.Clear();
        Assert.Equal(["the route to 203.0.113.10/32 of table 5152", "the IPv4 policy rule 5152"], _routing.Restore());
    }

    [Fact]
    public void Rounds_are_bounded_and_reach_every_VIP()
    {
        var vips = Enumerable.Range(0, 100).Select(static n => IPNetwork.Parse($"198.51.100.{n}/32")).ToArray();
        _routing.Update([Eth0], vips);
        Assert.Equal(ReplyRouting.MaxPerRound, _kernel.Lookups);
        _routing.Restore();
        Assert.Equal(101, _kernel.Installed.Count);
    }

    [Fact]
    public void Removed_VIPs_and_the_end_of_the_director_leave_nothing()
    {
        _routing.Update([Eth0], [Vip, IPNetwork.Parse("203.0.113.11/32")]);
        _routing.Update([Eth0], [Vip]);
        Assert.Equal(["203.0.113.10/32", "rule"], _kernel.Installed.Order());
        _routing.Remove();
        Assert.Empty(_kernel.Installed);
    }

    [Fact]
    public void Refusal_is_a_problem_that_is_logged_once_and_tried_again()
    {
        _kernel.IsRefused = true;
        _routing.Update([Eth0], [Vip]);
        _routing.Restore();
        Assert.StartsWith("replies from 203.0.113.10/32 to probes may be dropped by rp_filter: ",
            Assert.Single(_routing.Problems), StringComparison.Ordinal);
        Assert.Single(_log);
        _kernel.IsRefused = false;
        _routing.Restore();
        Assert.Empty(_routing.Problems);
    }

    /// <summary>The daemon's rule comes before the table main, but not before every rule of the operator.</summary>
    [Theory]
    [InlineData(1, 0, true)]
    [InlineData(2, 0, true)]
    [InlineData(1, 9, true)]
    [InlineData(2, 9, false)]
    [InlineData(1, 2, false)]
    public void Earlier_rule_to_a_route_that_drops_replies_is_a_problem_until_it_is_gone(int mode, int egress,
        bool isProblem)
    {
        _kernel.Mode = mode;
        _routing.Update([Eth0], [Vip]);
        _routing.Restore();
        Assert.Empty(_routing.Problems);
        _kernel.EarlierRule = () => RouteBy(egress);
        _routing.Restore();
        Assert.Equal(isProblem ? ["replies from 203.0.113.10/32 to probes are dropped by rp_filter: a policy rule "
            + "before 5152 leads to another route (`ip rule`). Give it a number above 5152, or set "
            + "net.ipv4.conf.eth0.rp_filter=0 and that of all"] : [], _routing.Problems);
        _kernel.EarlierRule = null;
        _routing.Restore();
        Assert.Empty(_routing.Problems);
    }

    private static Route? RouteBy(int egress) => egress == 0 ? null : new Route(egress, null, egress < 0);

    private sealed class FakeKernel : IReplyRoutes
    {
        public List<string> Calls { get; } = [];

        public HashSet<string> Installed { get; } = [];

        public int Mode { get; set; } = 2;

        public Route? Route { get; set; }

        public bool IsRefused { get; set; }

        public int Lookups { get; private set; }

        public int ModeOf(string interfaceName) => Mode;

        /// <summary>An earlier rule leads to another route; null: none does.</summary>
        public Func<Route?>? EarlierRule { get; set; }

        public Route? FindByAllRules(IPAddress address) => EarlierRule is { } other ? other()
            : Installed.Contains("rule") && Installed.Contains($"{address}/32") ? RouteBy(2) : Route;

        public Route? Find(IPAddress address)
        {
            Lookups++;
            return Route;
        }

        public bool Add(IPNetwork vip, IReadOnlyList<int> interfaces)
        {
            if (IsRefused)
                throw new NativeException("add route", 100);
            return Added($"{vip}", $"add {vip} by {string.Join('+', interfaces)}");
        }

        public void Remove(IPNetwork vip)
        {
            Installed.Remove($"{vip}");
            Calls.Add($"remove {vip}");
        }

        public bool AddRule() => Added("rule", "add rule");

        public void RemoveRule()
        {
            Installed.Remove("rule");
            Calls.Add("remove rule");
        }

        public void Dispose()
        {
        }

        private bool Added(string key, string call)
        {
            if (!Installed.Add(key))
                return false;
            Calls.Add(call);
            return true;
        }
    }
}
