using System.Diagnostics;
using System.Net;
using Sidestep.Lab.Topologies;

namespace Sidestep.Lab.Sessions;

/// <param name="Services">Long sessions are spread over them in turn.</param>
/// <param name="Sources">Client addresses, in turn.</param>
/// <param name="Count">How many long sessions.</param>
/// <param name="Period">Between two requests of a session.</param>
/// <param name="QuietCount">So many of the long sessions ask only now and then.</param>
/// <param name="QuietPeriod">Between two requests of these.</param>
/// <param name="ShortRate">Short sessions per second and service.</param>
/// <param name="AnswerLimit">An answer that takes longer is none.</param>
internal sealed record SessionsPlan(
    IReadOnlyList<IPEndPoint> Services,
    ClientAddresses Sources,
    int Count,
    TimeSpan Period,
    int QuietCount,
    TimeSpan QuietPeriod,
    double ShortRate,
    TimeSpan AnswerLimit);

/// <summary>
/// The process that holds the sessions, inside the clients' namespace. It obeys the lines "begin-short ENDPOINT",
/// "end-short ENDPOINT" and "stop": then every session asks a last time and closes in order. When its input ends, the lab is gone, and
/// it stops too.
/// </summary>
internal sealed class SessionsWorker(SessionsPlan plan, TextReader input, TextWriter output) : IDisposable
{
    // How many open or close at once: enough to be quick, and no burst that a queue on the way could not take.
    private const int AtATime = 32;

    private static readonly TimeSpan ReportInterval = TimeSpan.FromMilliseconds(250);

    private readonly SessionsTally _tally = new();
    private readonly SemaphoreSlim _gate = new(AtATime);
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _output = new();

    public async Task<int> RunAsync()
    {
        using var report = new Timer(_ => Print(new SessionsLine(_tally.Now, null, false)), null, ReportInterval, ReportInterval);
        var shorts = new ShortSessions(plan.Sources, plan.ShortRate, plan.AnswerLimit, _tally, f => Print(new SessionsLine(null, f, true)));
        var commands = Task.Run(() => ObeyAsync(shorts));
        await Task.WhenAll(Enumerable.Range(0, plan.Count).Select(LiveAsync));
        await commands;
        await shorts.EndAllAsync();
        await report.DisposeAsync();
        Print(new SessionsLine(_tally.Now, null, false));
        return 0;
    }

    public void Dispose()
    {
        _gate.Dispose();
        _stop.Dispose();
    }

    private async Task LiveAsync(int index)
    {
        var service = plan.Services[index % plan.Services.Count];
        var source = plan.Sources.For(service, index / plan.Services.Count);
        using var session = new Session((ulong)index, source, service, plan.AnswerLimit);
        if (await GatedAsync(session.OpenAsync) is { } refused)
        {
            Broke(session, refused);
            return;
        }
        _tally.Opened(session.Server!.Value.Name);

        var period = index < plan.QuietCount ? plan.QuietPeriod : plan.Period;
        // Each has a moment of its own in the period: requests come evenly.
        await RestAsync(period * Random.Shared.NextDouble());
        while (!_stop.IsCancellationRequested)
        {
            var begun = Stopwatch.GetTimestamp();
            if (!await AskAsync(session))
                return;
            await RestAsync(period - Stopwatch.GetElapsedTime(begun));
        }
        await GatedAsync(async () =>
        {
            if (!await AskAsync(session))
                return null;
            if (await session.CloseAsync() is { } unorderly)
                Broke(session, unorderly);
            else
                _tally.Closed();
            return null;
        });
    }

    private async Task<bool> AskAsync(Session session)
    {
        if (await session.AskAsync() is { } error)
        {
            Broke(session, error);
            return false;
        }
        _tally.Answered();
        return true;
    }

    private void Broke(Session session, string error)
    {
        _tally.Broken();
        Print(new SessionsLine(null, session.Failure(error), false));
    }

    private async Task<string?> GatedAsync(Func<Task<string?>> action)
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

    private async Task RestAsync(TimeSpan time)
    {
        if (time > TimeSpan.Zero)
            await Task.Delay(time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task ObeyAsync(ShortSessions shorts)
    {
        try
        {
            while (await input.ReadLineAsync() is { } line)
            {
                switch (line.Split(' '))
                {
                    case ["begin-short", var service]:
                        shorts.Begin(IPEndPoint.Parse(service));
                        break;
                    case ["end-short", var service]:
                        await shorts.EndAsync(IPEndPoint.Parse(service));
                        _tally.ShortEnded(service);
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

    private void Print(SessionsLine line)
    {
        lock (_output)
        {
            output.WriteLine(line);
            output.Flush();
        }
    }
}
