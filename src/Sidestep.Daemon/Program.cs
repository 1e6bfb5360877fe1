using System.CommandLine;
using Sidestep.Daemon;
using Sidestep.Model;

var config = new Option<string>("--config", "-c")
{
    Description = "The configuration file (docs/configuration.md). The daemon applies every change of the file, and "
        + "the API cannot change the configuration.",
};
var store = new Option<string>("--store")
{
    Description = "Folder of the configuration's revisions, instead of a file: sidestep apply and the API change the "
        + "configuration (docs/store.md).",
};
var initial = new Option<string>("--initial-config")
{
    Description = "Configuration file that becomes the first revision of an empty store. Otherwise it is not read.",
};
var state = new Option<string>("--state")
{
    Description = "Folder of users, tokens and the audit log (docs/access.md).",
    DefaultValueFactory = static _ => DirectorFiles.StateFolder,
};
state.Validators.Add(static result =>
{
    if (string.IsNullOrWhiteSpace(result.GetValueOrDefault<string>()))
        result.AddError($"--state is empty: name a folder, such as {DirectorFiles.StateFolder}");
});
config.Validators.Add(static result =>
{
    if (string.IsNullOrWhiteSpace(result.GetValueOrDefault<string>()))
        result.AddError("--config is empty: name the configuration file, such as /etc/sidestep/sidestep.yaml");
});
store.Validators.Add(static result =>
{
    if (string.IsNullOrWhiteSpace(result.GetValueOrDefault<string>()))
        result.AddError("--store is empty: name the folder of the revisions, such as /var/lib/sidestep/revisions");
});
initial.Validators.Add(static result =>
{
    if (string.IsNullOrWhiteSpace(result.GetValueOrDefault<string>()))
        result.AddError("--initial-config is empty: name a configuration file");
});
var root =
    new RootCommand(
    "Sidestep's director: forwards packets for virtual IPs to real servers, which reply to clients directly.")
{
    config, store, initial, state,
};
root.Validators.Add(result =>
{
    bool hasStore = result.GetValue(store) is not null;
    if ((result.GetValue(config) is not null) == hasStore)
        result.AddError("name where the configuration comes from: either --config FILE or --store FOLDER");
    else if (!hasStore && result.GetValue(initial) is not null)
        result.AddError("--initial-config is only for --store: a file of --config is read in any case");
});
root.SetAction((arguments, _) => DirectorProgram.RunAsync(new ConfigurationOptions(arguments.GetValue(config),
    arguments.GetValue(store), arguments.GetValue(initial), arguments.GetValue(state)!)));
// DirectorProgram handles signals: the library would handle them only after the start.
return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null })
    .ConfigureAwait(false);
