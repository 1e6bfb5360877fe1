using Microsoft.Extensions.Hosting.Systemd;
using Sidestep.Agent.Running;
using Sidestep.Hosting.Systemd;

namespace Sidestep.UnitTests.Agent.Running;

/// <summary>What the service manager hears.</summary>
public sealed class ServiceStatusTests : RunningFixture
{
    private readonly List<string> _sent = [];

    [Fact]
    public void The_status_follows_the_reports_and_is_sent_when_it_changes()
    {
        Start(Options);
        var status = new ServiceStatus(new ServiceNotifier(new Manager(_sent)), Shared);
        status.Ready();
        SetSpec(7, TestSpec.Vip);
        Time.Advance(EventLoop.FullInterval);
        Turn(false);
        Kernel.Sysctls["net/ipv4/conf/eth0/proxy_arp"] = 1;
        Time.Advance(EventLoop.FullInterval);
        Turn(false);
        Assert.Equal(["READY=1\nSTATUS=no spec yet", "STATUS=spec revision 7: ready as a real server",
            "STATUS=spec revision 7: conditions fail, see sidestep-agent status"], _sent);
        Assert.True(Reports.Count > 2);
    }

    [Fact]
    public void A_reload_begins_and_ends()
    {
        Start(Options);
        SetSpec(7, TestSpec.Vip);
        var status = new ServiceStatus(new ServiceNotifier(new Manager(_sent)), Shared);
        status.Reloading();
        status.Ready();
        Assert.StartsWith("RELOADING=1\nMONOTONIC_USEC=", _sent[0], StringComparison.Ordinal);
        Assert.Equal("READY=1\nSTATUS=spec revision 7: ready as a real server", _sent[1]);
    }

    [Fact]
    public void A_spec_that_cannot_be_applied_is_no_missing_spec()
    {
        Kernel.Rejects = static c => c == "load" ? new IOException("no program") : null;
        Start(Options);
        SetSpec(7, TestSpec.Vip);
        new ServiceStatus(new ServiceNotifier(new Manager(_sent)), Shared).Ready();
        Assert.Equal(["READY=1\nSTATUS=the spec is not applied yet, see the log"], _sent);
    }

    private sealed class Manager(List<string> sent) : ISystemdNotifier
    {
        public bool IsEnabled => true;

        public void Notify(ServiceState state) => sent.Add($"{state}");
    }
}
