/**
 * virtctl's commands of KubeVirt 1.6 and its main branch, with the options that each has of its own. `-f/--file` is one with a letter; `=` after a
 * name says that it takes a value.
 */
export const virtctlCommands: Readonly<Record<string, string>> = {
  addvolume: "--bus= --cache= --disk-name= --disk-type= --dry-run --persist --serial= --volume-name=",
  adm: "",
  "adm log-verbosity":
    "--all= --reset --virt-api= --virt-controller= --virt-handler= --virt-launcher= --virt-operator=",
  console: "--timeout=",
  create: "",
  "create clone":
    "--annotation-filter= --label-filter= --name= --new-mac-address= --new-smbios-serial= --source-name= --source-type= --target-name= --target-type= --template-annotation-filter= --template-label-filter=",
  "create instancetype": "--cpu= --gpu= --hostdevice= --iothreadspolicy= --memory= --name= --namespaced",
  "create preference": "--cpu-topology= --machine-type= --name= --namespaced --volume-storage-class=",
  "create vm":
    "--name= --run-strategy= --termination-grace-period= --memory= --instancetype= --infer-instancetype= --infer-instancetype-from= --preference= --infer-preference= --infer-preference-from= --volume-containerdisk= --volume-pvc= --volume-import= --volume-sysprep= --user= --password-file= --ssh-key= --ga-manage-ssh --access-cred= --cloud-init= --cloud-init-user-data= --cloud-init-network-data= --volume-datasource= --volume-clone-pvc= --volume-blank=",
  credentials: "",
  "credentials add-ssh-key": "--create-secret -f/--file= --force --secret= --update-secret -u/--user= --value=",
  "credentials remove-ssh-key": "-f/--file= --force --secret= -u/--user= --value=",
  "credentials set-password": "--force -p/--password= --secret= -u/--user=",
  "evacuate-cancel": "--dry-run",
  expand: "-f/--file= -o/--output= --vm=",
  expose:
    "--cluster-ip= --external-ip= --ip-family= --ip-family-policy= --name= --port= --port-name= --protocol= --target-port= --type=",
  fslist: "",
  guestfs: "--fsGroup= --gid= --image= --kvm --pull-policy= --root --uid= --vm=",
  guestosinfo: "",
  "image-upload":
    "--access-mode= --archive-path= --datasource --default-instancetype= --default-instancetype-kind= --default-preference= --default-preference-kind= --force-bind --image-path= --insecure --no-create --retry= --size= --storage-class= --uploadproxy-url= --volume-mode= --wait-secs=",
  "memory-dump": "",
  "memory-dump download": "--format= --local-port= --output= --port-forward",
  "memory-dump get": "--access-mode= --claim-name= --create-claim --storage-class=",
  "memory-dump remove": "",
  migrate: "--addedNodeSelector= --dry-run",
  "migrate-cancel": "--dry-run",
  objectgraph: "--exclude-optional -o/--output= --selector= --vmi",
  pause: "--dry-run",
  "permitted-devices": "",
  "port-forward": "--address= --stdio",
  removevolume: "--dry-run --persist --volume-name=",
  reset: "",
  restart: "--dry-run --force --grace-period=",
  scp: "-i/--identity-file= --known-hosts= -t/--local-ssh-opts= -p/--port= --preserve -r/--recursive -l/--username=",
  "soft-reboot": "",
  ssh: "-c/--command= -i/--identity-file= --known-hosts= -t/--local-ssh-opts= -p/--port= -l/--username=",
  start: "--dry-run --paused",
  stop: "--dry-run --force --grace-period=",
  template: "",
  "template convert": "-f/--file= --name= -o/--output=",
  "template create": "--name= --vm-name= --vm-namespace=",
  "template process": "--create -f/--file= --local --name= -o/--output= -p/--param= --params-file= --print-params",
  unpause: "--dry-run",
  usbredir: "--no-launch",
  userlist: "",
  version: "-c/--client",
  vmexport:
    "--annotations= --delete-vme --format= --include-secret --insecure --keep-vme --labels= --local-port= --manifest --manifest-output-format= --output= --port-forward --pvc= --readiness-timeout= --retry= --service-url= --snapshot= --ttl= --vm= --vmtemplate= --volume=",
  vnc: "--address= --port= --preserve-session --proxy-only --vnc-path= --vnc-type=",
  "vnc screenshot": "-f/--file= -m/--move-cursor",
};

/** Those of kubectl that each command takes. */
export const virtctlGlobalOptions =
  "--as= --as-group= --as-uid= --cache-dir= --certificate-authority= --client-certificate= --client-key= --cluster= --context= --disable-compression --insecure-skip-tls-verify --kubeconfig= --match-server-version -n/--namespace= --password= --request-timeout= -s/--server= --tls-server-name= --token= --user= --username= -v/--v=";
