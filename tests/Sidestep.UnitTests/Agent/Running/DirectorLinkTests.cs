using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Channels;
using Sidestep.Agent.Input;
using Sidestep.Agent.Running;
using Sidestep.Api;
using Sidestep.Hosting.Supervision;

namespace Sidestep.UnitTests.Agent.Running;

public sealed class DirectorLinkTests : RunningFixture
{
    private readonly Channel<string> _logged = Channel.CreateUnbounded<string>();
    private readonly FakeDirector _first = new(), _second = new();
    private readonly LoopFailures _failures;
    private readonly DirectorLink _link;

    public DirectorLinkTests()
    {
        Start(Options);
        _failures = new LoopFailures(Time);
        _link = new DirectorLink(new Directors("server1", [("first", _first), ("second", _second)]), Shared,
            new Supervisor(Time, _failures, (_, name) => _logged.Writer.TryWrite(name)), Time,
            new EventSink((_, text) => _logged.Writer.TryWrite(text)));
    }

    [Fact(Timeout = 20_000)]
    public async Task Specs_come_from_the_first_director_and_the_next_request_names_the_revision()
    {
        _link.Start();
        Assert.Equal("no director has responded yet", Shared.ContactError);
        var request = await _first.NextSpecRequest();
        Assert.Equal(("server1", null), (request.Server, request.After));
        request.Result.SetResult(TestSpec.Of(TestSpec.Layer2(TestSpec.Vip)));
        request = await _first.NextSpecRequest();
        Assert.Equal(7, request.After);
        Assert.Equal("first responds", await NextLog());
        Assert.Equal("", Shared.ContactError);
        Turn(false);
        Assert.Equal(7, Shared.LastReport!.SpecRevision);
    }

    [Fact(Timeout = 20_000)]
    public async Task An_unexpected_exception_ends_one_request_alone()
    {
        _link.Start();
        (await _first.NextSpecRequest()).Result.SetException(new FormatException("why"));
        Assert.Equal("requests for the spec", await NextLog());
        await Until(() => Time.NextDue == Supervisor.FirstPause);
        Time.Advance(Supervisor.FirstPause);
        await _first.NextSpecRequest();
        Assert.Equal(1, Assert.Single(_failures.All).Times);
    }

    [Fact(Timeout = 20_000)]
    public async Task An_empty_response_makes_a_report_due()
    {
        _link.Start();
        (await _first.NextSpecRequest()).Result.SetResult(TestSpec.Of(TestSpec.Layer2(TestSpec.Vip)));
        var request = await _first.NextSpecRequest();
        Turn(false);
        request.Result.SetResult(null);
        Assert.Equal(7, (await _first.NextSpecRequest()).After);
        Turn(false);
        Assert.Equal(2, Shared.LastReport!.Sequence);
    }

    [Fact(Timeout = 20_000)]
    public async Task After_a_failure_the_next_director_is_tried_with_growing_delays()
    {
        _link.Start();
        foreach (var (director, delay) in new[] { (_first, 1), (_second, 2), (_first, 4), (_second, 8), (_first, 16),
            (_second, 30), (_first, 30) })
        {
            var request = await director.NextSpecRequest();
            Assert.Null(request.After);
            request.Result.SetException(new DirectorException("unreachable"));
            await AdvanceWhenWaiting(TimeSpan.FromSeconds(delay));
        }
        Assert.Equal("unreachable. The agent continues with its last spec.", await NextLog());
        Assert.Equal("unreachable (since 1970-01-01 00:00:00Z)", Shared.ContactError);

        // Contact again: it is logged, and the delays start again.
        (await _second.NextSpecRequest()).Result.SetResult(TestSpec.Of(TestSpec.Layer2(TestSpec.Vip)));
        Assert.Equal("second responds", await NextLog());
        (await _second.NextSpecRequest()).Result.SetException(new DirectorException("unreachable"));
        Assert.Equal("unreachable. The agent continues with its last spec.", await NextLog());
        await AdvanceWhenWaiting(TimeSpan.FromSeconds(1));
        Assert.Null((await _first.NextSpecRequest()).After);
        Assert.Equal("unreachable (since 1970-01-01 00:01:31Z)", Shared.ContactError);
    }

    [Fact(Timeout = 20_000)]
    public async Task Every_director_gets_reports_with_its_own_epoch()
    {
        _link.Start();
        var (to1, to2) = (await ReportTo(_first), await ReportTo(_second));
        Assert.Equal(("server1", "server1", 0L, 0L),
            (to1.Server, to2.Server, to1.Report.ReportEpoch, to2.Report.ReportEpoch));
        var started = Shared.StartedSequence;
        to2.Result.SetResult(new ReportResponse());
        do
        {
            to1.Result.SetResult(new ReportResponse { ReportEpoch = 42 });
            to1 = await ReportTo(_first);
        }
        while (to1.Report.ReportEpoch == 0);
        Assert.Equal(42, to1.Report.ReportEpoch);
        Assert.True(to1.Report.Sequence > started);
        Assert.Equal(0, (await ReportTo(_second)).Report.ReportEpoch);
    }

    [Theory(Timeout = 20_000)]
    [InlineData(250, 250)]
    [InlineData(-5, 0)]
    [InlineData(100_000, 60_000)]
    public async Task A_director_can_request_the_time_of_the_next_report(int requested, int expected)
    {
        _link.Start();
        var report = await ReportTo(_first);
        Assert.Equal(MonotonicTime.Never, Shared.ReportTime);
        report.Result.SetResult(new ReportResponse { NextReportMilliseconds = requested });
        await Until(() => Shared.ReportTime < MonotonicTime.Never);
        Assert.Equal(TimeSpan.FromMilliseconds(expected), Shared.ReportTime - Time.Monotonic());
    }

    [Fact(Timeout = 20_000)]
    public async Task A_rejected_report_is_logged_once_and_tried_again_after_a_growing_delay()
    {
        _link.Start();
        foreach (var delay in new[] { 1, 2, 4 })
        {
            (await ReportTo(_first)).Result.SetException(new DirectorException("unknown server"));
            await AdvanceWhenWaiting(TimeSpan.FromSeconds(delay));
        }
        Assert.Equal("the director did not accept the report: unknown server", await NextLog());
        (await ReportTo(_first)).Result.SetResult(new ReportResponse());
        Assert.False(_logged.Reader.TryRead(out _));

        // After a success, the same error is logged again and the delays start again.
        (await ReportTo(_first)).Result.SetException(new DirectorException("unknown server"));
        Assert.Equal("the director did not accept the report: unknown server", await NextLog());
        await AdvanceWhenWaiting(TimeSpan.FromSeconds(1));
    }

    [Fact(Timeout = 20_000)]
    public async Task A_report_is_not_sent_again_without_a_new_one()
    {
        _link.Start();
        var report = await ReportTo(_first);
        var sent = 0;
        // Reports that were made meanwhile may follow; then there must be none.
        for (var yields = 0; yields < 2000; yields++)
        {
            if (report is not null)
            {
                report.Result.SetResult(new ReportResponse());
                Assert.InRange(++sent, 1, 10);
                yields = 0;
            }
            await Task.Yield();
            report = _first.TryNextReport();
        }
    }

    [Fact(Timeout = 20_000)]
    public async Task An_admin_state_is_sent_to_every_director()
    {
        _link.Drain("draining");
        Assert.Equal(["server1 draining", "server1 draining"], [await _first.NextDrain(), await _second.NextDrain()]);
    }

    [Fact(Timeout = 20_000)]
    public async Task A_drain_that_fails_is_logged()
    {
        _first.DrainError = new DirectorException("unreachable");
        _link.Drain("draining");
        Assert.Equal("admin state not sent: unreachable", await NextLog());
    }

    [Fact(Timeout = 20_000)]
    public async Task Stopping_cancels_every_request_and_disposes_the_directors()
    {
        _link.Start();
        await _first.NextSpecRequest();
        _link.Dispose();
        Assert.Equal((true, true), (_first.IsDisposed, _second.IsDisposed));
        // Reports and drains that follow are not sent.
        MakeReport();
        _link.Drain("draining");
    }

    [Fact(Timeout = 20_000)]
    public async Task Stopping_ends_a_delay()
    {
        _link.Start();
        (await _first.NextSpecRequest()).Result.SetException(new DirectorException("unreachable"));
        await Until(() => Time.NextDue is not null);
        _link.Dispose();
        Assert.Empty(_second.Requests);
    }

    public override void Dispose()
    {
        if (!_first.IsDisposed)
            _link.Dispose();
        base.Dispose();
    }

    private static CancellationToken Limit => TestContext.Current.CancellationToken;

    private static async Task Until(Func<bool> condition)
    {
        while (!condition())
        {
            Limit.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private async Task<string> NextLog() => await _logged.Reader.ReadAsync(Limit);

    private async Task AdvanceWhenWaiting(TimeSpan expected)
    {
        await Until(() => Time.NextDue is not null);
        Assert.InRange(Time.NextDue!.Value, 0.75 * expected, expected);
        Time.Advance(expected);
    }

    /// <summary>Makes reports until the director gets one: it misses those that are made while it is busy.</summary>
    private async Task<ReportRequest> ReportTo(FakeDirector director)
    {
        while (true)
        {
            MakeReport();
            for (var i = 0; i < 100; i++)
            {
                if (director.TryNextReport() is { } report)
                    return report;
                Limit.ThrowIfCancellationRequested();
                await Task.Yield();
            }
        }
    }

    private void MakeReport()
    {
        Shared.SetSpec(TestSpec.Of(TestSpec.Layer2(TestSpec.Vip)));
        Shared.ReportWithin(TimeSpan.Zero);
        Turn(false);
    }

    /// <summary>A director whose responses the test gives.</summary>
    private sealed class FakeDirector : IDirectorApi
    {
        private readonly Channel<SpecRequest> _specs = Channel.CreateUnbounded<SpecRequest>();
        private readonly Channel<ReportRequest> _reports = Channel.CreateUnbounded<ReportRequest>();
        private readonly Channel<string> _drains = Channel.CreateUnbounded<string>();

        public bool IsDisposed { get; private set; }

        public DirectorException? DrainError { get; set; }

        public List<long?> Requests { get; } = [];

        public async Task<SpecRequest> NextSpecRequest() => await _specs.Reader.ReadAsync(Limit);

        public ReportRequest? TryNextReport() => _reports.Reader.TryRead(out var report) ? report : null;

        public async Task<string> NextDrain() => await _drains.Reader.ReadAsync(Limit);

        public Task<ServerSpec?> GetSpecAsync(string server, long? after, CancellationToken cancellation)
        {
            Requests.Add(after);
            var request = new SpecRequest(server, after,
                new TaskCompletionSource<ServerSpec?>(TaskCreationOptions.RunContinuationsAsynchronously));
            _specs.Writer.TryWrite(request);
            return request.Result.Task.WaitAsync(cancellation);
        }

        public Task<ReportResponse> ReportAsync(string server, AgentReport report, CancellationToken cancellation)
        {
            var request = new ReportRequest(server, report,
                new TaskCompletionSource<ReportResponse>(TaskCreationOptions.RunContinuationsAsynchronously));
            _reports.Writer.TryWrite(request);
            return request.Result.Task.WaitAsync(cancellation);
        }

        public Task DrainAsync(string server, DrainRequest request, CancellationToken cancellation)
        {
            if (DrainError is not null)
                return Task.FromException(DrainError);
            _drains.Writer.TryWrite($"{server} {request.State}");
            return Task.CompletedTask;
        }

        public void Dispose() => IsDisposed = true;
    }

    private sealed record SpecRequest(string Server, long? After, TaskCompletionSource<ServerSpec?> Result);

    private sealed record ReportRequest(string Server, AgentReport Report, TaskCompletionSource<ReportResponse> Result);
}

/// <summary>The parts of the link that need neither director nor clock.</summary>
public sealed class DirectorLinkPartsTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public void A_report_carries_an_epoch_only_if_it_was_started_after_the_epoch_came()
    {
        var epochs = new ReportEpochs();
        Assert.Equal(0, epochs.For(1));
        // Report 3 was in progress when epoch 5 came with the response to report 2.
        epochs.Received(5, startedSequence: 3);
        Assert.Equal(0, epochs.For(3));
        Assert.Equal(5, epochs.For(4));
        // The same epoch again does not move its beginning.
        epochs.Received(5, startedSequence: 9);
        Assert.Equal(5, epochs.For(6));
        epochs.Received(6, startedSequence: 9);
        Assert.Equal(5, epochs.For(9));
        Assert.Equal(6, epochs.For(10));
    }

    [Fact]
    public void Credentials_are_read_from_PEM_files()
    {
        var options = Issue("CN=server1, O=Example");
        var problems = new List<Problem>();
        var credentials = DirectorCredentials.Read(
            options with { Directors = ["https://10.0.1.2:7443", "https://[2001:db8::2]"] }, problems)!;
        Assert.Empty(problems);
        Assert.Equal(("server1", true), (credentials.Server, credentials.Certificate.HasPrivateKey));
        Assert.Equal(["https://10.0.1.2:7443/", "https://[2001:db8::2]/"],
            credentials.Urls.Select(static u => u.ToString()));
        Assert.Single(credentials.CaCertificates);
    }

    [Fact]
    public void Missing_files_and_wrong_URLs_are_reported_together()
    {
        var problems = new List<Problem>();
        Assert.Null(DirectorCredentials.Read(
            new RunOptions { Directors = ["http://10.0.1.2", "10.0.1.2:7443", "https://ok"] }, problems));
        Assert.Equal(["--director http://10.0.1.2", "--director 10.0.1.2:7443", "--cert-file ", "--key-file ",
            "--ca-file "], problems.Select(static p => $"{p.Option} {p.Value}"));
    }

    [Fact]
    public void Files_that_are_not_PEM_are_reported_together()
    {
        var file = _folder.Put("x.pem", "nonsense");
        var problems = new List<Problem>();
        Assert.Null(DirectorCredentials.Read(
            new RunOptions { CertFile = file, KeyFile = file, CaFile = _folder.PathOf("none.pem") }, problems));
        Assert.Equal([("--cert-file", $"{file} and {file}"), ("--ca-file", _folder.PathOf("none.pem"))],
            problems.Select(static p => (p.Option, p.Value)));
    }

    [Fact]
    public void A_certificate_needs_a_common_name()
    {
        var problems = new List<Problem>();
        Assert.Null(DirectorCredentials.Read(Issue("O="), problems));
        Assert.Equal("has no common name", Assert.Single(problems).Reason);
    }

    public void Dispose() => _folder.Dispose();

    private RunOptions Issue(string subject)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest(subject, key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return new RunOptions
        {
            CertFile = _folder.Put("a.pem", certificate.ExportCertificatePem()),
            KeyFile = _folder.Put("a.key", key.ExportPkcs8PrivateKeyPem()),
            CaFile = _folder.Put("ca.pem", certificate.ExportCertificatePem()),
        };
    }
}
