using System.Globalization;
using Sidestep.Control.Health;
using Sidestep.Daemon.Engines;
using Sidestep.Engine.Xdp;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.Daemon.Probes;

/// <summary>Puts together what watches real servers, for one run of the daemon.</summary>
internal sealed class HealthKeeper : IDisposable
{
    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(1);

    /// <summary>Changes that are logged one by one in the time between two reports; of more, their number.</summary>
    private const int MostLines = 20;

    private readonly Lock _gate = new();
    private readonly DirectorEngine _engine;
    private readonly DirectorSettings _identity;
    private readonly DsrProbePath _path = new();
    private readonly ProbeFilter? _filter;
    private readonly ProbeNetwork? _network;
    private readonly RefusalListener _refusals;
    private readonly HealthWatch _watch;
    private readonly MtuWatch _mtu;
    private HealthReport? _report;
    private int _lines;

    /// <summary>Loads and opens what it needs; nothing is probed yet.</summary>
    /// <param name="engine">Whose servers.</param>
    /// <param name="identity">Name and pin path name the report.</param>
    /// <param name="agents">What agents say of their servers; null: nobody listens to them.</param>
    /// <exception cref="EngineException">The kernel refused the program for probes.</exception>
    internal HealthKeeper(DirectorEngine engine, DirectorSettings identity, IAgentReports? agents)
    {
        _engine = engine;
        _identity = identity;
        _filter = engine.LoadProbeFilter();
        _network = _filter is null ? null : new ProbeNetwork(_filter, Log.Warning);
        Book = new HealthBook(TimeProvider.System, engine.ReadRunning(), HealthReport.Read(identity), agents, Say);
        _watch = new HealthWatch(Book, _path, TimeProvider.System, Random.Shared);
        _mtu = new MtuWatch(Book, _path, TimeProvider.System);
        if (agents is not null)
            agents.Suspected += Book.Suspect;
        _refusals = new RefusalListener(Book.Suspect, Log.Warning);
    }

    /// <summary>Who is fit: for the loop.</summary>
    internal HealthBook Book { get; }

    /// <summary>What keeps probes from leaving.</summary>
    internal IReadOnlyList<string> Problems => _network?.Problems ?? [];

    /// <summary>Packets are forwarded by these tables now.</summary>
    internal void Follow(Configuration configuration, ForwardingTables tables)
    {
        var names = configuration.Director.Interfaces.Select(static i => i.Name).ToHashSet();
        _path.Follow(tables, _engine.IdOf);
        _network?.Follow([.. tables.Interfaces.Where(i => names.Contains(i.Name))]);
    }

    /// <summary>Runs until cancelled.</summary>
    internal Task RunAsync(CancellationToken cancellation) =>
        Task.WhenAll(_watch.RunAsync(cancellation), _mtu.RunAsync(cancellation), _refusals.RunAsync(cancellation), WriteReportsAsync(cancellation));

    /// <summary>Takes back what led probes to servers, and the report.</summary>
    internal void Remove()
    {
        _network?.Remove();
        File.Delete(HealthReport.PathOf(_identity));
    }

    public void Dispose()
    {
        _refusals.Dispose();
        _watch.Dispose();
        _network?.Dispose();
        _filter?.Dispose();
    }

    private void Say(HealthChange change)
    {
        lock (_gate)
        {
            if (++_lines > MostLines)
                return;
        }
        var who = $"{change.Server.Name} ({change.Server.Address}) of {change.Group}";
        if (change.IsFit)
            Log.Info($"{who} is fit for traffic");
        else
            Log.Warning($"{who} is not fit for traffic: {change.Reason}");
    }

    private async Task WriteReportsAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(ReportInterval);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellation).ConfigureAwait(false))
            {
                WriteReport();
                lock (_gate)
                {
                    if (_lines > MostLines)
                        Log.Warning(string.Create(CultureInfo.InvariantCulture, $"{_lines - MostLines} more servers became fit or unfit; sidestep status has all"));
                    _lines = 0;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // the normal end
        }
    }

    /// <summary>Servers are written when something changed, figures every time: they are small, and a file of many servers is not.</summary>
    private void WriteReport()
    {
        var servers = Book.ReportIfChanged();
        var report = new HealthReport { At = DateTimeOffset.UtcNow, Probes = _watch.Figures(), Servers = servers ?? _report?.Servers ?? [] };
        if (servers is null && _report is not null && report.Servers.Length > 0 && report.At - _report.At < TimeSpan.FromSeconds(5))
            return;
        _report = report;
        try
        {
            report.Write(_identity);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.Warning($"health report not written: {e.Message}");
        }
    }
}
