using System.Net;
using Sidestep.Agent.Running;
using Sidestep.Native;

namespace Sidestep.UnitTests.Agent.Running;

public sealed class EventLoopTests : RunningFixture
{
    [Fact]
    public void Nothing_is_read_twice_without_a_reason()
    {
        Start(Options);
        SetSpec(7, TestSpec.Vip);
        var reads = Kernel.Reads;
        for (var i = 0; i < 10; i++)
        {
            Time.Advance(EventLoop.EventTimeout);
            Turn(false);
        }
        Assert.Equal(reads, Kernel.Reads);
        Assert.Single(Reports);
    }

    [Fact]
    public void Events_of_a_burst_are_handled_after_the_minimum_interval()
    {
        Start(Options);
        SetSpec(7, TestSpec.Vip);
        Kernel.Addresses.RemoveAll(static a => a.PrefixLength == 32);
        Time.Advance(Pass - TimeSpan.FromTicks(1));
        Turn(true);
        Assert.Null(Kernel.Inventory().OnLoopback(IPAddress.Parse(TestSpec.Vip)));
        Time.Advance(TimeSpan.FromTicks(1));
        Turn(false);
        Assert.NotNull(Kernel.Inventory().OnLoopback(IPAddress.Parse(TestSpec.Vip)));
    }

    [Theory]
    [InlineData("net/ipv4/conf/eth0/arp_ignore", 0, 1)]
    [InlineData("net/ipv4/conf/all/arp_announce", 0, 2)]
    public void Sysctls_that_the_kernel_does_not_notify_are_read_every_500_ms(string name, int value, int repaired)
    {
        Start(Options);
        SetSpec(7, TestSpec.Vip);
        Kernel.Sysctls[name] = value;
        Time.Advance(EventLoop.SettingsInterval - TimeSpan.FromTicks(1));
        Turn(false);
        Assert.Equal(value, Kernel.Sysctls[name]);
        Time.Advance(TimeSpan.FromTicks(1));
        Turn(false);
        Assert.Equal(repaired, Kernel.Sysctls[name]);
    }

    [Fact]
    public void A_sysctl_that_is_only_verified_starts_a_pass_too()
    {
        Start(Options);
        SetSpec(7, TestSpec.Vip);
        var reads = Kernel.Reads;
        Kernel.Sysctls["net/ipv4/conf/eth0/proxy_arp_pvlan"] = 1;
        Time.Advance(EventLoop.SettingsInterval);
        Turn(false);
        Assert.Equal(reads + 1, Kernel.Reads);
    }

    [Fact]
    public void Everything_is_checked_every_ten_seconds_even_without_events()
    {
        Start(Options);
        SetSpec(7, TestSpec.Vip);
        Kernel.Addresses.RemoveAll(static a => a.PrefixLength == 32);
        Time.Advance(EventLoop.FullInterval - TimeSpan.FromTicks(1));
        Turn(false);
        Assert.Null(Kernel.Inventory().OnLoopback(IPAddress.Parse(TestSpec.Vip)));
        Time.Advance(TimeSpan.FromTicks(1));
        Turn(false);
        Assert.NotNull(Kernel.Inventory().OnLoopback(IPAddress.Parse(TestSpec.Vip)));
    }

    [Fact]
    public void An_error_that_returns_is_logged_again()
    {
        Start(Options);
        SetSpec(7, TestSpec.Vip);
        for (var i = 0; i < 2; i++)
        {
            Kernel.Rejects = static c => c == "read" ? new IOException("no inventory") : null;
            Event();
            Kernel.Rejects = static _ => null;
            Time.Advance(EventLoop.RetryDelay);
            Event();
        }
        Assert.Equal(2, Log.Count(static l => l == "cannot reconcile: no inventory"));
    }

    [Fact]
    public void An_error_of_the_kernel_is_logged_once_and_tried_again_after_two_seconds()
    {
        Start(Options);
        Kernel.Rejects = static c => c == "load" ? new NativeException("bpf_object__load", 1) : null;
        SetSpec(7, TestSpec.Vip);
        for (var i = 0; i < 3; i++)
            Event();
        Assert.Single(Log, static l => l.StartsWith("cannot reconcile: bpf_object__load: ", StringComparison.Ordinal));
        Kernel.Rejects = static _ => null;
        Time.Advance(EventLoop.RetryDelay - 3 * Pass - TimeSpan.FromTicks(1));
        Turn(true);
        Assert.Empty(Kernel.Changes);
        Time.Advance(TimeSpan.FromTicks(1));
        Turn(false);
        Assert.Contains($"add {TestSpec.Vip}", Kernel.Changes);
    }

    [Fact]
    public void The_loop_waits_for_events_until_it_is_cancelled()
    {
        Start(Options);
        Shared.SetSpec(Spec(7, TestSpec.Vip));
        using var stop = new CancellationTokenSource();
        var waits = 0;
        Platform.OnWait = () =>
        {
            Time.Advance(Pass);
            if (++waits == 2)
                Kernel.Addresses.RemoveAll(static a => a.PrefixLength == 32);
            if (waits == 3)
                stop.Cancel();
            return waits == 2;
        };
        Agent.Loop.Run(stop.Token);
        Assert.Equal(3, waits);
        Assert.Equal(2, Kernel.Changes.Count(static c => c == $"add {TestSpec.Vip}"));
    }
}
