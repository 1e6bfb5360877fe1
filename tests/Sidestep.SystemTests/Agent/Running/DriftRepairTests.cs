using System.Text.Json;

namespace Sidestep.SystemTests.Agent.Running;

/// <summary>The agent repairs and reports what other programs change. One agent meets all the damage.</summary>
public sealed class DriftRepairTests(DriftRepairTests.RunningAgent running)
    : IClassFixture<DriftRepairTests.RunningAgent>
{
    /// <summary>The documented limit: the agent repairs drift within a second.</summary>
    internal static readonly TimeSpan RepairLimit = TimeSpan.FromSeconds(1);

    /// <summary>The damage, a command that succeeds once it is repaired, and condition and subject of the
    /// drift.</summary>
    public static TheoryData<string, string, string> Drifts => new()
    {
        { $"ip address del {RealServer.Vip}/32 dev lo", $"ip address show dev lo | grep -q {RealServer.Vip}/32",
            $"vip {RealServer.Vip}" },
        { $"ip address del {RealServer.Vip6}/128 dev lo", $"ip address show dev lo | grep -q {RealServer.Vip6}/128",
            $"vip {RealServer.Vip6}" },
        { "echo 0 > /proc/sys/net/ipv4/conf/all/arp_ignore", "grep -q 1 /proc/sys/net/ipv4/conf/all/arp_ignore",
            "arp-ignore all" },
        { "echo 0 > /proc/sys/net/ipv4/conf/eth0/arp_ignore", "grep -q 1 /proc/sys/net/ipv4/conf/eth0/arp_ignore",
            "arp-ignore eth0" },
        { "echo 0 > /proc/sys/net/ipv4/conf/eth0/arp_announce", "grep -q 2 /proc/sys/net/ipv4/conf/eth0/arp_announce",
            "arp-announce eth0" },
        { "echo 1 > /proc/sys/net/ipv4/conf/eth0/rp_filter", "grep -q 2 /proc/sys/net/ipv4/conf/eth0/rp_filter",
            "rp-filter eth0" },
        { "tc filter del dev eth0 ingress", "tc filter show dev eth0 ingress | grep -q decapsulate",
            "decapsulation eth0" },
        { "tc qdisc del dev eth0 clsact",
            "tc filter show dev eth0 ingress | grep -q decapsulate && tc filter show dev eth0 egress | grep -q reply",
            "decapsulation eth0" },
    };

    [Theory]
    [MemberData(nameof(Drifts))]
    public void Drift_is_repaired_within_a_second_and_reported(string damage, string isRepaired, string drift)
    {
        var setup = running.Setup;
        var before = Times(running.Agent.WaitForReport(static _ => true), drift);
        setup.Server.Run("sh", "-c", damage);
        Eventually.True(() => setup.Server.Try("sh", "-c", isRepaired).ExitCode == 0,
            () => $"not repaired; log of the agent:\n{running.Agent.CombinedOutput}");
        var report = running.Agent.WaitForReport(r => Times(r, drift) > before);
        // The newest is the last.
        var reported = report.GetProperty("drifts").EnumerateArray().Last(d => IsDrift(d, drift));
        // By the agent's own clock: this test's clock would also measure the programs that it starts.
        var (noticed, repaired) = (reported.GetProperty("noticed"), reported.GetProperty("repaired"));
        Assert.InRange(repaired.GetDateTimeOffset() - noticed.GetDateTimeOffset(), TimeSpan.Zero, RepairLimit);
        Assert.Empty(setup.WrongConditions());
    }

    /// <summary>How often the agent has seen a drift.</summary>
    private static int Times(JsonElement report, string drift) => report.GetProperty("drifts").EnumerateArray()
        .Where(d => IsDrift(d, drift)).Sum(static d => d.GetProperty("times").GetInt32());

    private static bool IsDrift(JsonElement drift, string expected) =>
        $"{drift.GetProperty("name").GetString()} {drift.GetProperty("subject").GetString()}" == expected;

    /// <summary>A real server with its agent.</summary>
    public sealed class RunningAgent : IDisposable
    {
        public RunningAgent()
        {
            try
            {
                Agent = RealServerSpec.Start(Setup);
            }
            catch
            {
                Setup.Dispose();
                throw;
            }
        }

        internal RealServer Setup { get; } = new();

        internal AgentProcess Agent { get; }

        public void Dispose()
        {
            Agent.Dispose();
            Setup.Dispose();
        }
    }
}
