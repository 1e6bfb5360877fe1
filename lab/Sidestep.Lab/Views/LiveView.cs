using Sidestep.Lab.Captures;
using Sidestep.Lab.Topologies;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Sidestep.Lab.Views;

/// <summary>The terminal view that is drawn anew in place.</summary>
internal static class LiveView
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    /// <summary>On a terminal that is too small the drawing gives way, not the figures.</summary>
    public static async Task ShowAsync(LiveSource source, CancellationToken cancel)
    {
        var drawing = new Panel(new Text(TopologyReader.Drawing(source.Topology))).Header($" {source.Topology.Name} ").Border(BoxBorder.Rounded);
        await AnsiConsole.Live(drawing).AutoClear(false).Overflow(VerticalOverflow.Crop).Cropping(VerticalOverflowCropping.Top).StartAsync(async context =>
        {
            while (true)
            {
                var state = await source.ReadAsync(cancel);
                context.UpdateTarget(new Rows(drawing, Servers(state), Frames(state), Summary(source, state)));
                await Task.Delay(Interval, cancel);
            }
        });
    }

    private static IRenderable Servers(LiveState state)
    {
        if (state.Traffic.PerServer.Count == 0)
            return new Text("No server has answered yet.");
        var chart = new BarChart().Width(76).Label($"[bold]requests per server[/] ({state.Traffic.Ok:N0} answered, {state.Traffic.Failed:N0} failed)").LeftAlignLabel();
        foreach (var (server, requests) in state.Traffic.PerServer)
            chart.AddItem(server, requests, Color.Green);
        return chart;
    }

    private static Table Frames(LiveState state)
        => new Table().Border(TableBorder.Simple)
            .AddColumns(new TableColumn("seen by tcpdump"), new TableColumn("frames").RightAligned(), new TableColumn("bytes").RightAligned())
            .AddRow(Row("client -> VIP, into the director", state.RequestsToDirector))
            .AddRow(Row("client -> VIP, out of the director", state.ForwardedByDirector))
            .AddRow(Row("VIP -> client, at the director's port", state.RepliesAtDirector, state.RepliesAtDirector.Frames == 0 ? Color.Green : Color.Red))
            .AddRow(Row("VIP -> client, at the client", state.RepliesAtClient));

    private static IRenderable[] Row(string what, FrameVolume count, Color? color = null)
    {
        var style = new Style(color ?? Color.Default);
        return [new Text(what, style), new Text($"{count.Frames:N0}", style), new Text($"{count.Bytes:N0}", style)];
    }

    private static Rows Summary(LiveSource source, LiveState state)
    {
        var engine = state.Driver == "none" ? "nothing takes frames yet" : $"driver {state.Driver}";
        var daemon = state.DaemonRuns ? "daemon runs" : "daemon does not run (the kernel forwards without it)";
        var lines = new List<IRenderable>
        {
            new Text($"{engine}; {daemon}; run {source.RunId}"),
            new Text($"In another terminal: ./sidestep lab shell NODE, ./sidestep lab capture NODE. Ctrl-C removes everything.", new Style(Color.Grey)),
        };
        if (state.LastFailure is not null)
            lines.Insert(0, new Text(state.LastFailure, new Style(Color.Red)));
        return new Rows(lines);
    }
}
