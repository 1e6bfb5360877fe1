using System.Globalization;
using System.Text.Json;
using Sidestep.Forwarding.Plans;
using Spectre.Console;

namespace Sidestep.Cli;

/// <summary>Writes a plan.</summary>
/// <param name="director">Name of the director.</param>
/// <param name="plan">The plan.</param>
public sealed class PlanReport(string director, Plan plan)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>Writes one JSON object.</summary>
    public void WriteJson(TextWriter output) => output.WriteLine(JsonSerializer.Serialize(
        new
        {
            director,
            changes = !plan.IsEmpty,
            slots = plan.Slots,
            movedSlots = plan.MovedSlots,
            movedShare = Share(plan.MovedSlots, plan.Slots),
            flows = Flows(plan.Flows),
            warnings = plan.Warnings,
            services = plan.Services.Select(static s =>
                new { name = s.Name, change = Word(s.Change), before = s.Before, after = s.After }),
            pools = plan.Groups.Select(static g => new
            {
                name = g.Key.Pool.ToString(),
                encap = g.Key.Encap.ToString(),
                change = Word(g.Change),
                slots = g.Slots,
                movedSlots = g.MovedSlots,
                movedShare = Share(g.MovedSlots, g.Slots),
                servers = g.Servers.Select(static s => new
                {
                    name = s.Name,
                    address = s.Address.ToString(),
                    change = Word(s.Change),
                    before = s.Before,
                    after = s.After,
                    slotsBefore = s.SlotsBefore,
                    slotsAfter = s.SlotsAfter,
                    flows = Flows(s.Flows),
                }),
            }),
        },
        Json));

    /// <summary>Writes tables of what changes; everything unchanged is omitted.</summary>
    public void WriteText(TextWriter output)
    {
        var console = TextConsole.On(output);
        console.MarkupLineInterpolated($"[bold]{director}[/]: {Sentence()}");
        foreach (var warning in plan.Warnings)
            console.MarkupLineInterpolated($"  [yellow]warning[/]: {warning}.");
        if (!plan.Services.IsEmpty)
            WriteServices(console);
        var groups = plan.Groups.Where(static g => g.Change != ChangeKind.None || g.MovedSlots > 0
            || g.Servers.Any(static s => s.Change != ChangeKind.None)).ToArray();
        if (groups.Length == 0)
            return;
        WriteGroups(console, groups);
        WriteServers(console, groups);
    }

    private string Sentence()
    {
        if (plan.IsEmpty)
            return "nothing changes";
        var servers = plan.Groups.SelectMany(static g => g.Servers).Count(static s => s.Change != ChangeKind.None);
        return string.Create(CultureInfo.InvariantCulture,
            $"changed services: {plan.Services.Length}, changed servers: {servers}; moved slots: "
            + $"{Percent(plan.MovedSlots, plan.Slots)}; tracked flows: {plan.Flows.Stay} stay, {plan.Flows.Move} "
            + $"move, {plan.Flows.Break} break");
    }

    private void WriteServices(IAnsiConsole console)
    {
        var table = new ReportTable(["service", "change", "before", "after"]);
        foreach (var s in plan.Services)
            table.AddRow(s.Name, Word(s.Change), s.Before ?? "", s.After ?? "");
        table.Write(console);
    }

    private static void WriteGroups(IAnsiConsole console, GroupPlan[] groups)
    {
        var table = new ReportTable(["pool", "change"], "slots", "moved", "share");
        foreach (var g in groups)
            table.AddRow(g.Key.ToString(), Word(g.Change), Number(g.Slots), Number(g.MovedSlots),
                Percent(g.MovedSlots, g.Slots));
        table.Write(console);
    }

    private static void WriteServers(IAnsiConsole console, GroupPlan[] groups)
    {
        var table = new ReportTable(["real server", "pool", "address", "change", "before", "after"],
            "slots before", "slots after", "flows stay", "flows move", "flows break");
        foreach (var (group, s) in groups.SelectMany(static g => g.Servers.Select(s => (g.Key, s))))
        {
            table.AddRow(s.Name, group.ToString(), s.Address.ToString(), Word(s.Change), s.Before ?? "", s.After ?? "",
                Number(s.SlotsBefore), Number(s.SlotsAfter),
                Number(s.Flows.Stay), Number(s.Flows.Move), Number(s.Flows.Break));
        }
        table.Write(console);
    }

    private static object Flows(FlowForecast flows) =>
        new { stay = flows.Stay, move = flows.Move, @break = flows.Break };

    private static double Share(long part, long whole) => whole == 0 ? 0 : Math.Round(part / (double)whole, 4);

    private static string Percent(long part, long whole) =>
        string.Create(CultureInfo.InvariantCulture, $"{Share(part, whole) * 100:0.##} %");

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Word(ChangeKind change) => change switch
    {
        ChangeKind.None => "none",
        ChangeKind.Added => "added",
        ChangeKind.Changed => "changed",
        _ => "removed",
    };
}
