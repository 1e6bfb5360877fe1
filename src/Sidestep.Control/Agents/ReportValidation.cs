using System.Collections.Immutable;
using System.Globalization;
using Sidestep.Api;

namespace Sidestep.Control.Agents;

/// <summary>Validates a report before the director stores it: the JSON reader accepts null in lists, and leaves missing
/// values null or uninitialised.</summary>
public sealed class ReportValidation
{
    private readonly List<string> _problems = [];

    private ReportValidation()
    {
    }

    /// <summary>Adds the defaults of missing values.</summary>
    /// <param name="report">A report as the JSON reader made it.</param>
    /// <param name="problems">Every error, with its place in the report: <c>conditions[2]: is null</c>; empty: the
    /// report is valid.</param>
    public static AgentReport Complete(AgentReport report, out IReadOnlyList<string> problems)
    {
        ArgumentNullException.ThrowIfNull(report);
        var validation = new ReportValidation();
        problems = validation._problems;
        return validation.Complete(report);
    }

    private AgentReport Complete(AgentReport report)
    {
        Require(report.AgentVersion, "agentVersion");
        Require(report.OperatingSystem, "operatingSystem");
        // Without its conditions a host would count as healthy.
        if (report.Conditions.IsDefault)
            Add("conditions", "is missing: a report has every condition");
        if (report.AdminState is not (null or AdminStates.Enabled or AdminStates.Draining))
            Add("adminState", $"'{report.AdminState}' is neither {AdminStates.Enabled} nor {AdminStates.Draining}");
        return report with
        {
            HostName = report.HostName ?? "",
            Kernel = report.Kernel ?? "",
            Instance = report.Instance ?? "",
            AdminState = report.AdminState ?? AdminStates.Enabled,
            Counters = report.Counters ?? ImmutableDictionary<string, long>.Empty,
            Conditions = List(report.Conditions, "conditions", Check),
            Drifts = List(report.Drifts, "drifts", Check),
            Traffic = List(report.Traffic, "traffic", (t, place) => Require(t.Vip, place + ".vip")),
            Listeners = List(report.Listeners, "listeners", Check),
            DefaultRoutes = List(report.DefaultRoutes, "defaultRoutes",
                (r, place) => Require(r.Device, place + ".device")),
            Devices = List(report.Devices, "devices", Check),
            FilterHints = List(report.FilterHints, "filterHints", static (_, _) => { }),
        };
    }

    private void Check(Condition condition, string place)
    {
        Require(condition.Name, place + ".name");
        Require(condition.Subject, place + ".subject");
        Require(condition.Found, place + ".found");
        Require(condition.Expected, place + ".expected");
        Require(condition.Remedy, place + ".remedy");
    }

    private void Check(Drift drift, string place)
    {
        Require(drift.Name, place + ".name");
        Require(drift.Subject, place + ".subject");
        Require(drift.Found, place + ".found");
    }

    private void Check(Listener listener, string place)
    {
        Require(listener.Protocol, place + ".protocol");
        Require(listener.Address, place + ".address");
    }

    private void Check(Device device, string place)
    {
        Require(device.Name, place + ".name");
        Require(device.Mac, place + ".mac");
        RequireAll(device.Addresses, place + ".addresses");
        RequireAll(device.Offloads, place + ".offloads");
    }

    /// <summary>Checks the elements of a list. A missing list is empty.</summary>
    private ImmutableArray<T> List<T>(ImmutableArray<T> list, string name, Action<T, string> check) where T : class
    {
        if (list.IsDefault)
            return [];
        for (var i = 0; i < list.Length; i++)
        {
            var place = string.Create(CultureInfo.InvariantCulture, $"{name}[{i}]");
            if (list[i] is { } item)
                check(item, place);
            else
                Add(place, "is null");
        }
        return list;
    }

    private void RequireAll(ImmutableArray<string> list, string place)
    {
        if (list.IsDefault)
            Add(place, "is missing");
        else
            List(list, place, static (_, _) => { });
    }

    private void Require(object? value, string place)
    {
        if (value is null)
            Add(place, "is missing");
    }

    private void Add(string place, string problem) => _problems.Add($"{place}: {problem}");
}
