using Sidestep.Forwarding;
using Sidestep.Hosting;
using Sidestep.Hosting.Logging;
using Sidestep.Model;
using Sidestep.Native;

namespace Sidestep.Daemon;

/// <summary>The program: from the path of the configuration file to the exit code.</summary>
internal static class DirectorProgram
{
    private const int Succeeded = 0, Failed = 1;

    /// <summary>Runs the daemon until a signal ends it.</summary>
    /// <param name="path">Path of the configuration file.</param>
    /// <returns>The exit code: 0 after a signal, 1 when the daemon cannot run; the log says why.</returns>
    internal static async Task<int> RunAsync(string path)
    {
        // Before everything else: a signal during the start takes effect after it, and does not kill the process.
        using var signals = new ProcessSignals();
        using var log = ServiceLog.OnStandardError(TimeProvider.System);
        using var events = new EventHistory(TimeProvider.System);
        log.Factory.AddProvider(events);
        var logger = log.Factory.CreateLogger("Sidestep.Daemon");
        using var file = new ConfigurationFile(path, HostInfo.OfThisMachine, TimeProvider.System);
        try
        {
            if (ReadFirst(file, path, logger) is not { } first)
                return Failed;
            // Until here, nothing has been started that SIGHUP could reload.
            signals.ReloadRequested += file.ForceReload;
            await new Director(file, first, log, logger, events, signals).RunAsync().ConfigureAwait(false);
            return Succeeded;
        }
        catch (Exception e) when (e is EngineException or NativeException)
        {
            logger.CannotRun(e.Message);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            logger.CannotRun($"{path}: {e.Message}");
        }
        return Failed;
    }

    /// <summary>Reads the configuration at the start; null: it has errors, which the log says.</summary>
    private static Configuration? ReadFirst(ConfigurationFile file, string path, ILogger logger)
    {
        var result = file.Read();
        foreach (var warning in result.Warnings)
            logger.ConfigurationWarning(warning.Format(path, "warning"));
        foreach (var error in result.Errors)
            logger.ConfigurationError(error.Format(path, "error"));
        return result.Configuration;
    }
}
