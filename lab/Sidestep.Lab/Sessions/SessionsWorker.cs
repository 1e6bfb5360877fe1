using System.Diagnostics;
using System.Net;
using Sidestep.Lab.Topologies;

namespace Sidestep.Lab.Sessions;

/// <param name="Services">Long sessions use the services round robin.</param>
/// <param name="Sources">Client addresses, used round robin.</param>
/// <param name="Count">How many long sessions.</param>
/// <param name="Period">Time between two requests of a session.</param>
/// <param name="QuietCount">How many of the long sessions send requests at the longer period.</param>
/// <param name="QuietPeriod">Time between two requests of a quiet session.</param>
/// <param name="ShortRate">Short sessions per second and service.</param>
/// <param name="ResponseTimeout">A later response counts as none.</param>
internal sealed record SessionsPlan(
    IReadOnlyList<IPEndPoint> Services,
    ClientAddresses Sources,
    int Count,
    TimeSpan Period,
    int QuietCount,
    TimeSpan QuietPeriod,
    double ShortRate,
    TimeSpan ResponseTimeout);

/// <summary>
/// The process that holds the sessions, inside the clients' namespace. It obeys the lines "begin-short ENDPOINT",
/// "end-short ENDPOINT" and "stop". On "stop", every session sends a last request and closes. When the input ends, the
/// lab has ended, and the process stops, too.
/// </summary>
internal sealed class SessionsWorker(SessionsPlan plan, TextReader input, TextWriter output) : IDisposable
{
    // How many sessions open or close at once: enough to be fast, and too few to overflow a queue along the path.
    private const int Parallelism = 32;

    private static readonly TimeSpan ReportInterval = TimeSpan.FromMilliseconds(250);

    private readonly SessionsCounter _counter = new();
    private readonly SemaphoreSlim _gate = new(Parallelism);
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _output = new();

    public async Task<int> RunAsync()
    {
        using var report = new Timer(_ =>
            Print(new SessionsMessage(_counter.Now, null, false)), null, ReportInterval, ReportInterval);
        var shortSessions = new ShortSessions(plan.Sources, plan.ShortRate, plan.ResponseTimeout, _counter, f =>
            Print(new SessionsMessage(null, f, true)));
        var commands = Task.Run(() => ReadCommandsAsync(shortSessions));
        await Task.WhenAll(Enumerable.Range(0, plan.Count).Select(RunSessionAsync));
        await commands;
        await shortSessions.EndAllAsync();
        await report.DisposeAsync();
        Print(new SessionsMessage(_counter.Now, null, false));
        return 0;
    }

    public void Dispose()
    {
        _gate.Dispose();
        _stop.Dispose();
    }

    private async Task RunSessionAsync(int index)
    {
        var service = plan.Services[index % plan.Services.Count];
        var source = plan.Sources.For(service, index / plan.Services.Count);
        using var session = new Session((ulong)index, source, service, plan.ResponseTimeout);
        if (await ThrottleAsync(session.OpenAsync) is { } openError)
        {
            ReportBroken(session, openError);
            return;
        }
        _counter.Opened(session.Server!.Value.Name);

        var period = index < plan.QuietCount ? plan.QuietPeriod : plan.Period;
        // Each session starts at its own time in the period, so that requests are spread evenly.
        await DelayAsync(period * Random.Shared.NextDouble());
        while (!_stop.IsCancellationRequested)
        {
            var started = Stopwatch.GetTimestamp();
            if (!await ExchangeAsync(session))
                return;
            await DelayAsync(period - Stopwatch.GetElapsedTime(started));
        }
        await ThrottleAsync(async () =>
        {
            if (!await ExchangeAsync(session))
                return null;
            if (await session.CloseAsync() is { } closeError)
                ReportBroken(session, closeError);
            else
                _counter.Closed();
            return null;
        });
    }

    private async Task<bool> ExchangeAsync(Session session)
    {
        if (await session.RequestAsync() is { } error)
        {
            ReportBroken(session, error);
            return false;
        }
        _counter.Responded();
        return true;
    }

    private void ReportBroken(Session session, string error)
    {
        _counter.Broken();
        Print(new SessionsMessage(null, session.Failure(error), false));
    }

    private async Task<string?> ThrottleAsync(Func<Task<string?>> action)
    {
        await _gate.WaitAsync();
        try
        {
            return await action();
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task DelayAsync(TimeSpan time)
    {
        if (time > TimeSpan.Zero)
            await Task.Delay(time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task ReadCommandsAsync(ShortSessions shortSessions)
    {
        try
        {
            while (await input.ReadLineAsync() is { } line)
            {
                switch (line.Split(' '))
                {
                    case ["begin-short", var service]:
                        shortSessions.Begin(IPEndPoint.Parse(service));
                        break;
                    case ["end-short", var service]:
                        await shortSessions.EndAsync(IPEndPoint.Parse(service));
                        _counter.ShortEnded(service);
                        break;
                    case ["stop"]:
                        return;
                    default:
                        throw new LabException($"The sessions process does not know '{line}'.");
                }
            }
        }
        finally
        {
            await _stop.CancelAsync();
        }
    }

    private void Print(SessionsMessage line)
    {
        lock (_output)
        {
            output.WriteLine(line);
            output.Flush();
        }
    }
}
