using System.Globalization;
using Sidestep.Api.Access;

namespace Sidestep.Cli.Contexts;

/// <summary>Words about roles and sessions.</summary>
internal static class SessionText
{
    /// <summary>Role, limit and end: <c>operator of team=shop, until 2026-05-01 10:00:00Z</c>.</summary>
    internal static string Of(SessionRecord session) => session.Role.Name()
        + (session.Scope is { } scope ? $" of {scope}" : "")
        + (session.Expires is { } end ? $", until {Time(end)}" : "");

    /// <summary>A time in UTC.</summary>
    internal static string Time(DateTimeOffset time) => time.ToString("u", CultureInfo.InvariantCulture);
}
