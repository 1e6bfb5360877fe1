using System.Collections.Concurrent;
using Sidestep.Lab.Scenarios;
using Sidestep.Lab.Traffic;

namespace Sidestep.Lab.Live;

/// <summary>
/// Runs the live view of a topology that is up: reads `sidestep status`, starts the requests once the director
/// forwards, obeys keys, and shows what happens. On a terminal it redraws the screen, elsewhere it prints lines.
/// </summary>
internal sealed class LiveSession(LabRun run, LiveFrames frames, EventLog events, TerminalScreen? screen)
{
    private const int Rate = 20;
    private const int Concurrency = 4;

    private static readonly TimeSpan StatusInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan DrawInterval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LineInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan KeyInterval = TimeSpan.FromMilliseconds(20);

    private readonly ServerControl _control = new(run);
    private readonly BlockingCollection<(LiveAction Action, string Server)> _actions = [];
    private volatile SidestepStatus? _status;
    private volatile TrafficProcess? _traffic;
    private volatile int _selected;

    private bool HasKeys { get; } = screen is not null && !Console.IsInputRedirected;

    /// <summary>Returns when the reader quits; ends with an exception when it is cancelled or the traffic
    /// fails.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        using var quit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        events.Add("another terminal can use ./sidestep lab shell NODE and ./sidestep lab capture NODE");
        Task[] loops = [FollowStatusAsync(quit.Token), ShowAsync(quit.Token), ActAsync(quit.Token)];
        try
        {
            var keys = HasKeys ? ReadKeysAsync(quit.Token) : Task.Delay(System.Threading.Timeout.Infinite, quit.Token);
            var first = await Task.WhenAny([.. loops, keys]);
            await first;
        }
        finally
        {
            await quit.CancelAsync();
            _actions.CompleteAdding();
            await Task.WhenAll(loops)
                .ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            _traffic?.Dispose();
            _actions.Dispose();
        }
    }

    private async Task FollowStatusAsync(CancellationToken cancel)
    {
        while (true)
        {
            var status = await SidestepStatus.TryQueryAsync(run, cancel);
            foreach (var change in StatusChanges.Between(_status, status))
                events.Add(change);
            _status = status;
            if (_traffic is null && StatusChanges.Forwards(status))
            {
                events.Add($"the director forwards: clients send {Rate} requests per second");
                _traffic = TrafficProcess.StartHttp(run, 0, Concurrency, Rate);
            }
            if (_traffic is { Ended.IsCompleted: true } traffic)
            {
                await traffic.Ended;
                throw new LabException("The traffic process ended by itself.");
            }
            await Task.Delay(StatusInterval, cancel);
        }
    }

    private async Task ShowAsync(CancellationToken cancel)
    {
        var source = new LiveSource(run, frames, _control, events, HasKeys);
        var interval = screen is null ? LineInterval : DrawInterval;
        while (true)
        {
            var model = source.Read(_status, _traffic?.Log, _selected);
            if (screen is null)
            {
                Console.WriteLine(PlainReport.Rates(model));
            }
            else
            {
                var (width, height) = TerminalSize();
                screen.Show(LiveScreen.Render(model, width, height), width, height);
            }
            await Task.Delay(interval, cancel);
        }
    }

    // A terminal of unknown size reports 0.
    private static (int Width, int Height) TerminalSize()
        => (Console.WindowWidth is > 0 and var width
            ? width : 80, Console.WindowHeight is > 0 and var height ? height : 24);

    private async Task ReadKeysAsync(CancellationToken cancel)
    {
        while (true)
        {
            while (Console.KeyAvailable)
            {
                var key = LiveKeys.Of(Console.ReadKey(intercept: true), _selected, _control.Servers.Count);
                _selected = key.Selected;
                if (key.Action == LiveAction.Quit)
                    return;
                if (key.Action != LiveAction.None && _control.Servers.Count > 0)
                    _actions.Add((key.Action, _control.Servers[key.Selected]), cancel);
            }
            await Task.Delay(KeyInterval, cancel);
        }
    }

    // One action after the other: starting a server takes a moment, and the screen goes on meanwhile.
    private Task ActAsync(CancellationToken cancel) => Task.Run(
        async () =>
        {
            foreach (var (action, server) in _actions.GetConsumingEnumerable(cancel))
            {
                try
                {
                    events.Add(await _control.DoAsync(action, server, cancel));
                }
                catch (LabException e)
                {
                    events.Add($"{server}: {e.Message}");
                }
            }
        },
        cancel);
}
