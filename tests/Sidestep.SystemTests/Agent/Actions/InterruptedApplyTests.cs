using System.Diagnostics;

namespace Sidestep.SystemTests.Agent.Actions;

/// <summary>apply is killed (SIGKILL) between two changes.</summary>
public sealed class InterruptedApplyTests
{
    private const int Rounds = 6;
    private const string Options =
        $"apply --vip {RealServer.Vip} --interface eth0 --decapsulate ipip --director {RealServer.Director}";

    [Fact]
    public void Remove_reverts_a_killed_apply_and_the_VIP_never_appears_without_ARP_suppression()
    {
        using var setup = new RealServer();
        var before = setup.DumpState();
        var killed = 0;
        for (var round = 0; round < Rounds; round++)
        {
            using var apply = Shell.Start(setup.Command($"{Options} --vip {RealServer.OtherVip}"));
            // The state file is written just before the first change: every later moment is between two changes.
            var clock = Stopwatch.StartNew();
            while (!apply.HasExited && Directory.GetFiles(setup.StateDirectory, "*.json").Length == 0)
                Assert.True(clock.Elapsed < TimeSpan.FromSeconds(30), "no state file");
            var delay = TimeSpan.FromMilliseconds(2 * round);
            for (clock.Restart(); clock.Elapsed < delay;)
                Thread.SpinWait(100);
            apply.Kill();
            apply.WaitForExit();
            if (apply.ExitCode != 0)
                killed++;

            if (setup.Server.Ip("address show dev lo").Contains("203.0.113.", StringComparison.Ordinal))
                Assert.Equal((1, 2), (setup.Sysctl("all/arp_ignore"), setup.Sysctl("all/arp_announce")));
            setup.RunAgent("remove");
            Assert.Equal(before, setup.DumpState());
        }
        Assert.True(killed >= Rounds / 2, $"only {killed} of {Rounds} rounds were killed before the end");
    }

    [Fact]
    public void Apply_completes_what_a_killed_apply_started()
    {
        using var setup = new RealServer();
        var before = setup.DumpState();
        using (var apply = Shell.Start(setup.Command(Options)))
        {
            while (!apply.HasExited && Directory.GetFiles(setup.StateDirectory, "*.json").Length == 0)
                Thread.SpinWait(100);
            apply.Kill();
            apply.WaitForExit();
        }
        setup.ApplyLayer3();
        setup.RunAgent("verify");
        setup.RunAgent("remove");
        Assert.Equal(before, setup.DumpState());
    }

    [Fact]
    public void The_VIP_does_not_appear_when_the_sysctls_cannot_be_set()
    {
        using var setup = new RealServer();
        var before = setup.DumpState();
        // As in a container: apply fails at its first sysctl, which must come before the address.
        const string readOnlySysctls =
            "mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys && exec \"$@\"";
        var result = Shell.Try(["unshare", "--mount", "sh", "-c", readOnlySysctls, "sh", .. setup.Command(Options)]);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("cannot set net/ipv4/conf/all/arp_ignore to 1", result.Error, StringComparison.Ordinal);
        Assert.Equal(before, setup.DumpState());
        setup.RunAgent("remove");
        Assert.Equal(before, setup.DumpState());
    }
}
