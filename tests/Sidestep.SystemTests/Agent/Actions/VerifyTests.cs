using System.Text.Json;

namespace Sidestep.SystemTests.Agent.Actions;

/// <summary>verify finds every single fault of a real server.</summary>
public sealed class VerifyTests(VerifyTests.AppliedServer server) : IClassFixture<VerifyTests.AppliedServer>
{
    /// <summary>One server for all tests: each repairs it before it ends.</summary>
    public sealed class AppliedServer : IDisposable
    {
        public AppliedServer() => Setup.ApplyLayer3();

        internal RealServer Setup { get; } = new();

        public void Dispose() => Setup.Dispose();
    }

    /// <summary>A fault, as a command in the server's namespace, and the condition that must fail.</summary>
    public static TheoryData<string, string> Faults => new()
    {
        { $"ip address del {RealServer.Vip}/32 dev lo", $"vip {RealServer.Vip}" },
        { $"ip address add {RealServer.Vip}/24 dev lo", $"vip {RealServer.Vip}" },
        { $"ip address add {RealServer.Vip}/32 dev eth0", $"vip {RealServer.Vip}" },
        { "echo 0 | tee /proc/sys/net/ipv4/conf/*/arp_ignore", "arp-ignore eth0" },
        { "echo 0 | tee /proc/sys/net/ipv4/conf/*/arp_announce", "arp-announce eth0" },
        { "echo 1 | tee /proc/sys/net/ipv4/conf/*/rp_filter", "rp-filter eth0" },
        { "echo 1 > /proc/sys/net/ipv4/conf/all/proxy_arp", "proxy-arp eth0" },
        { "echo 1 > /proc/sys/net/ipv4/conf/eth0/proxy_arp_pvlan", "proxy-arp eth0" },
        { "tc filter del dev eth0 ingress", "decapsulation eth0" },
        { "tc filter del dev eth0 egress", "programs eth0" },
        { "tc qdisc del dev eth0 clsact", "decapsulation eth0" },
        { "ip address add 10.0.1.4/24 dev eth0", "decapsulation-addresses eth0" },
        { "ip link set eth0 down", "device-up eth0" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void Verify_finds_each_fault_and_its_remedy_repairs_it(string fault, string condition)
    {
        var setup = server.Setup;
        setup.Server.Run("sh", "-c", fault);

        var result = setup.TryAgent("verify --json");
        Assert.Equal(1, result.ExitCode);
        using var document = JsonDocument.Parse(result.Output);
        Assert.False(document.RootElement.GetProperty("ok").GetBoolean());
        var wrong = document.RootElement.GetProperty("conditions").EnumerateArray()
            .Where(static c => c.GetProperty("status").GetString() == "wrong").ToList();
        // Without the program at egress, mss-clamp fails too.
        wrong.RemoveAll(c => condition.EndsWith("eth0", StringComparison.Ordinal) && Name(c) == "mss-clamp"
            || (condition == "decapsulation eth0" && Name(c) == "programs"));
        Assert.Equal(condition, $"{Name(Assert.Single(wrong))} {wrong[0].GetProperty("subject").GetString()}");
        var remedy = wrong[0].GetProperty("remedy").GetString()!;
        if (remedy.Contains("'sidestep-agent apply'", StringComparison.Ordinal))
        {
            setup.ApplyLayer3();
            return;
        }
        setup.Server.Run("sh", "-c", remedy[(remedy.IndexOf(": ", StringComparison.Ordinal) + 2)..]);
        setup.RunAgent("verify");
    }

    [Fact]
    public void Verify_fails_for_options_that_were_not_applied()
    {
        var result = server.Setup.TryAgent($"verify --vip {RealServer.OtherVip} --interface eth0 --decapsulate ipip "
            + $"--director {RealServer.UnknownHost}");
        Assert.Equal(1, result.ExitCode);
        Assert.Equal(3, result.Output.Split('\n').Count(static l => l.StartsWith("WRONG", StringComparison.Ordinal)));
    }

    [Fact]
    public void Without_an_interface_option_the_interface_of_the_default_route_is_chosen()
    {
        using var setup = new RealServer();
        setup.Server.Ip("link add eth1 type veth peer name eth2");
        setup.Server.Ip("link set eth1 up");
        var output = setup.RunAgent($"apply --vip {RealServer.Vip}");
        Assert.Contains("interface eth0: chosen, because it has the default route", output, StringComparison.Ordinal);
        Assert.DoesNotContain("eth1", output, StringComparison.Ordinal);
    }

    private static string? Name(JsonElement condition) => condition.GetProperty("name").GetString();
}
