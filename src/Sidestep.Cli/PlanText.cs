using System.Globalization;
using Sidestep.Api.Plans;
using Sidestep.Forwarding;
using Spectre.Console;

namespace Sidestep.Cli;

/// <summary>Writes a plan for people.</summary>
/// <param name="plan">The plan.</param>
public sealed class PlanText(PlanReport plan)
{
    /// <summary>Writes tables of what changes; everything unchanged is omitted.</summary>
    public void Write(TextWriter output)
    {
        var console = TextConsole.On(output);
        console.MarkupLineInterpolated($"[bold]{plan.Director}[/]: {Sentence()}");
        foreach (var warning in plan.Warnings)
            console.MarkupLineInterpolated($"  [yellow]warning[/]: {warning}.");
        if (!plan.Services.IsEmpty)
            WriteServices(console);
        var pools = plan.Pools.Where(static g => g.Change != ChangeKind.None || g.MovedSlots > 0
            || g.Servers.Any(static s => s.Change != ChangeKind.None)).ToArray();
        if (pools.Length == 0)
            return;
        WritePools(console, pools);
        WriteServers(console, pools);
    }

    private string Sentence()
    {
        if (!plan.Changes)
            return "nothing changes";
        var servers = plan.Pools.SelectMany(static g => g.Servers).Count(static s => s.Change != ChangeKind.None);
        return string.Create(CultureInfo.InvariantCulture,
            $"changed services: {plan.Services.Length}, changed servers: {servers}; moved slots: "
            + $"{Percent(plan.MovedShare)}; tracked flows: {plan.Flows.Stay} stay, {plan.Flows.Move} "
            + $"move, {plan.Flows.Break} break");
    }

    private void WriteServices(IAnsiConsole console)
    {
        var table = new ReportTable(["service", "change", "before", "after"]);
        foreach (var s in plan.Services)
            table.AddRow(s.Name, Word(s.Change), s.Before ?? "", s.After ?? "");
        table.Write(console);
    }

    private void WritePools(IAnsiConsole console, PoolChange[] pools)
    {
        var table = new ReportTable(["pool", "change"], "slots", "moved", "share");
        foreach (var g in pools)
            table.AddRow(NameOf(g), Word(g.Change), Number(g.Slots), Number(g.MovedSlots), Percent(g.MovedShare));
        table.Write(console);
    }

    private void WriteServers(IAnsiConsole console, PoolChange[] pools)
    {
        var table = new ReportTable(["real server", "pool", "address", "change", "before", "after"],
            "slots before", "slots after", "flows stay", "flows move", "flows break");
        foreach (var (pool, s) in pools.SelectMany(g => g.Servers.Select(s => (NameOf(g), s))))
        {
            table.AddRow(s.Name, pool, s.Address.ToString(), Word(s.Change), s.Before ?? "", s.After ?? "",
                Number(s.SlotsBefore), Number(s.SlotsAfter),
                Number(s.Flows.Stay), Number(s.Flows.Move), Number(s.Flows.Break));
        }
        table.Write(console);
    }

    /// <summary>With the service, where several services of the pool have slots of their own.</summary>
    private string NameOf(PoolChange pool) => $"{pool.Name}/{pool.Encap}" + (pool.Service is not null
        && plan.Pools.Any(p => (p.Name, p.Encap) == (pool.Name, pool.Encap) && p.Service != pool.Service)
        ? $" for {pool.Service}" : "");

    private static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{share * 100:0.##} %");

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Word(ChangeKind change) => CounterName.Of(change);
}
