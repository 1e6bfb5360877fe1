using System.Diagnostics;
using System.Globalization;
using System.Net;

namespace Sidestep.Lab.Traffic;

internal sealed record HttpPlan(Func<IPAddress, IPEndPoint> Service, IReadOnlyList<IPAddress> Sources, int Requests,
    int Concurrency, double Rate, bool Upload);

/// <summary>
/// The traffic process, inside the client's namespace: sends requests, prints a line for each, and obeys the line
/// "rate N" of its input. It stops when its input ends.
/// </summary>
internal sealed class HttpWorker(HttpPlan plan, TextReader input, TextWriter output) : IDisposable
{
    // The longest delay that it catches up with. Beyond that, the rate drops to what the machine can do.
    private static readonly TimeSpan MaxLag = TimeSpan.FromMilliseconds(200);

    private readonly SemaphoreSlim _slots = new(plan.Concurrency);
    private readonly Lock _output = new();
    private double _rate = plan.Rate;

    public async Task<int> RunAsync()
    {
        using var stop = new CancellationTokenSource();
        var commands = Task.Run(() => ReadCommandsAsync(stop));
        var pending = new List<Task>();
        var due = Stopwatch.GetTimestamp();
        for (var started = 0; (plan.Requests == 0 || started < plan.Requests)
            && !stop.IsCancellationRequested; started++)
        {
            due = await PaceAsync(due);
            await _slots.WaitAsync();
            pending.RemoveAll(t => t.IsCompletedSuccessfully);
            pending.Add(OneAsync(plan.Sources[started % plan.Sources.Count]));
        }
        await Task.WhenAll(pending);
        if (commands.IsFaulted)
            await commands;
        return 0;
    }

    public void Dispose() => _slots.Dispose();

    private async Task<long> PaceAsync(long due)
    {
        var ahead = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due);
        if (ahead > TimeSpan.Zero)
            await Task.Delay(ahead);
        var earliest = Stopwatch.GetTimestamp() - (long)(MaxLag.TotalSeconds * Stopwatch.Frequency);
        return Math.Max(due, earliest) + (long)(Stopwatch.Frequency / Volatile.Read(ref _rate));
    }

    private async Task OneAsync(IPAddress source)
    {
        try
        {
            Print(await HttpExchange.RunAsync(source, plan.Service(source), plan.Upload));
        }
        finally
        {
            _slots.Release();
        }
    }

    private async Task ReadCommandsAsync(CancellationTokenSource stop)
    {
        try
        {
            while (await input.ReadLineAsync() is { } line)
            {
                switch (line.Split(' '))
                {
                    case ["rate", var rate]:
                        Volatile.Write(ref _rate, double.Parse(rate, CultureInfo.InvariantCulture));
                        break;
                    default:
                        throw new LabException($"The traffic process does not know '{line}'.");
                }
            }
        }
        finally
        {
            await stop.CancelAsync();
        }
    }

    private void Print(RequestResult result)
    {
        lock (_output)
        {
            output.WriteLine(result.ToLine());
            output.Flush();
        }
    }
}
