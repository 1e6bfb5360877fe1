using Sidestep.Api;
using Sidestep.Control.Agents;
using Sidestep.Daemon;
using Sidestep.Daemon.Doctor;

namespace Sidestep.UnitTests.Daemon.Doctor;

public sealed class DoctorServiceTests
{
    private readonly FakeDoctorHost _host = new();
    private AppliedState? _applied = TestDirector.Applied;

    [Fact]
    public async Task Report_has_the_diagnoses_of_the_collected_evidence()
    {
        _host.Network.Routes.Remove(System.Net.IPAddress.Parse("10.0.0.12"));
        using var service = Service();
        var task = service.DiagnoseAsync(new DoctorRequest { Service = "www" }, TestContext.Current.CancellationToken);
        await _host.Clock.CompleteAsync(task);
        var report = await task;
        Assert.Equal("edge1", report.Director);
        Assert.Equal(_host.Clock.GetUtcNow(), report.At);
        Assert.Equal(2, report.Checked["servers"]);
        Assert.Contains(report.NotChecked, static n =>
            n.StartsWith("web1: no agent reports", StringComparison.Ordinal));
        Assert.Equal(Math.Round(_host.Clock.GetElapsedTime(0).TotalSeconds, 3), report.Seconds);
        Assert.Contains(report.Diagnoses, static d => d.Server == "web2");
        Assert.DoesNotContain(report.Diagnoses, static d => d.Server == "dns1");
    }

    [Fact]
    public async Task Request_before_the_first_tables_or_for_an_unknown_service_is_refused()
    {
        using var service = Service();
        var unknown = await RefusedAsync(service, new DoctorRequest { Service = "ftp" });
        Assert.Equal(("no such service", "no virtual service has the name 'ftp': sidestep status lists them"),
            (unknown.Title, unknown.Message));
        _applied = null;
        Assert.Equal("not yet", (await RefusedAsync(service, new DoctorRequest())).Title);
    }

    [Fact]
    public async Task Refusal_of_the_kernel_is_told_and_does_not_block_the_next_request()
    {
        using var service = new DoctorService(() => _applied, Agents(), static () => null, new RefusingHost());
        for (var i = 0; i < 2; i++)
        {
            var failure = await RefusedAsync(service, new DoctorRequest());
            Assert.Equal("diagnosis failed", failure.Title);
            Assert.Contains("open a socket", failure.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Second_request_waits_for_the_first()
    {
        using var service = Service();
        var first = service.DiagnoseAsync(new DoctorRequest(), TestContext.Current.CancellationToken);
        var second = service.DiagnoseAsync(new DoctorRequest { Service = "ftp" },
            TestContext.Current.CancellationToken);
        await Waiting.UntilAsync(() => _host.Clock.NextDue is not null);
        Assert.False(first.IsCompleted);
        Assert.False(second.IsCompleted);
        await _host.Clock.CompleteAsync(first);
        await Assert.ThrowsAsync<ApiRequestException>(() => second);
    }

    private DoctorService Service() => new(() => _applied, Agents(), static () => null, _host);

    private AgentRegistry Agents() => new(new DrainOverlay(), "1.2.3", _host.Clock);

    private static Task<ApiRequestException> RefusedAsync(DoctorService service, DoctorRequest request) =>
        Assert.ThrowsAsync<ApiRequestException>(() =>
        service.DiagnoseAsync(request, TestContext.Current.CancellationToken));

    private sealed class RefusingHost : IDoctorHost
    {
        public TimeProvider Time => TimeProvider.System;

        public Sidestep.Daemon.NextHops.IHostNetwork OpenNetwork() =>
            throw new Sidestep.Native.NativeException("open a socket", 1);

        public Sidestep.Daemon.Frames.IFrameChannel OpenNeighbourFrames() => throw new NotSupportedException();

        public Sidestep.Daemon.Frames.IFrameChannel OpenIpFrames() => throw new NotSupportedException();

        public string? FindReplyFilter(System.Net.IPAddress source, IReadOnlyCollection<string> interfaces) => null;

        public Sidestep.Model.HostInfo ReadHostInfo() => throw new NotSupportedException();
    }
}
